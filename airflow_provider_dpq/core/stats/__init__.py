"""Pure functions of numbers; each names its method, its source and its limits."""
