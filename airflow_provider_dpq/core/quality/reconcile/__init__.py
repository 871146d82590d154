"""Two tables held against each other: figure by figure, and row by row."""
