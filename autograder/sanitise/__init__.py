"""What a page may hold of what a submission wrote, printed and displayed."""

from autograder.sanitise.cells import MAX_LINES, as_code, clean_bundle, clean_outputs, sanitise
from autograder.sanitise.markup import clean_html
from autograder.sanitise.texts import clean_text

__all__ = ["MAX_LINES", "as_code", "clean_bundle", "clean_html", "clean_outputs", "clean_text", "sanitise"]
