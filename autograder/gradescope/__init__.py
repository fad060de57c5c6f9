"""The grader as a Gradescope autograder: the zip that Gradescope takes, and what runs in its container."""
