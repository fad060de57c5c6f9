"""nbgrader's side: its database, its options, and our engine in the place of its stages."""
