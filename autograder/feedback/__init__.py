"""What people get to see: pages for students, the report of a class, and nothing live in either."""
