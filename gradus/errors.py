"""The one exception that stands for a person's mistake or a machine's lack, not for a fault of this code."""


class GradusError(Exception):
    """Something that the user can mend. Its message is one sentence or two that name the place and the cure.

    The command line prints the message without a traceback and exits with status 2.
    """
