"""Load gates: does an operation hold under load, how much of it, and does it come back."""
