"""SQL expressions that dialects spell differently."""
