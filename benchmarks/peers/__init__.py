"""The programs that are measured side by side: each a process of its own, with the environment of its library.

Each is called with the paths of the orders and the stores and the name of a set of checks, and prints one line of JSON:
seconds for its imports, seconds of work (reading included), and the rows found for each check.
"""
