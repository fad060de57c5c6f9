"""Writing that is whole or not at all, one run of a course at a time, and the log."""
