"""Benchmarks: how fast an operation is, and whether it became slower."""
