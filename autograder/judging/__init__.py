"""What a judge needs: how two values differ, and the labels that no submission sees. `autograder.judge` joins them."""
