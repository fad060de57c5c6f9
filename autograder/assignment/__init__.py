"""A problem set as the grader reads it: its cells, its questions, and what of a notebook is to be run."""
