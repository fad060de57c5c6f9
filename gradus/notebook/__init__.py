"""A notebook as a file: its form, the frame it was released in, and the names that its code uses."""
