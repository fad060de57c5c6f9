"""What was handed in: from a folder of any bytes to a notebook in the released frame, or a reason."""
