"""What benchmark, load and leak gates measure: a Python callable, a SQL statement, a command or an HTTP request."""
