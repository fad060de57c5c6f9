"""Runs a notebook behind walls and gives its outputs and answers; it knows nothing of problem sets."""
