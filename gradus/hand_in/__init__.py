"""Before a notebook is handed in: is it fit, does it run where it will be graded, and ps6 as a package."""
