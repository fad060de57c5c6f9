"""What a learning platform's download holds, put where the grader looks for it, with a word on every file."""
