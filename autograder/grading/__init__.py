"""One grading run, from the sandboxes that start to the last result on the disk."""
