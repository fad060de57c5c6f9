"""Marks for a learning platform: its own list with the marks filled in, a plain table, a result file a student."""
