"""Small mistakes in the solutions, made by rule: does the hidden test of a question notice every one of them?

Why our own: cosmic-ray, mutmut and mutatest change the files of a package and run its tests once for each mutant, in
seconds each. Here an answer is a cell, its test is a hidden region, and the state before it is held, so that a mutant
takes milliseconds; and what goes wrong with tensors (the axis, `keepdim`, sum for mean, a missing copy, what is kept
from an earlier call) is none of their operators.
"""
