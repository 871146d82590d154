"""Writes the parts of the documentation that the code already says: run it with `make docs`.

A page marks such a part with two comments, and names who writes it:

    <!-- make docs: metrics -->
    <!-- end -->
"""
