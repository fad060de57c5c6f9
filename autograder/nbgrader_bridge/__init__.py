"""nbgrader's commands and formgrader, with our engine in the place of their stages."""
