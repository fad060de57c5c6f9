"""Work on what strangers sent, in a process that can be killed: no submission stops or slows the grader itself."""
