"""Twelve invented students and what they hand in for ps4, generated from the released notebook.

`roster` says who hands in what and which marks are fair; `submissions` writes the files. The answers themselves are
the functions of `plain`, `compact`, `loops` (all right) and `mistaken` (all wrong): only their text is used here.
"""

from autograder.sample_class.submissions import SampleSubmission, make_sample_class

__all__ = ["SampleSubmission", "make_sample_class"]
