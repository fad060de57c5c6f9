"""Wrong answers that are the same: in groups, each to be given a name and a hint."""
