"""nbgrader's database and its options: marks, readings by hand, late days, and what an older one needs."""
