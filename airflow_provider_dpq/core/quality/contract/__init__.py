"""Contracts: what a table promises, read from our own form and from open standards."""
