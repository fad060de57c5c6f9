"""What the variants of a problem set are for: they test its hidden tests, and they name a student's mistake."""
