"""Does an answer match? The comparison, the labels that no submission sees, and the verdict in words."""
