"""Where a table lives: one open table for each kind of source, all answering the same questions."""
