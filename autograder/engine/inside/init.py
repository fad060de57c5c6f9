"""Process 1 of a submission: builds the inner wall, starts the student's process, and reaps what dies.

Everything in the submission descends from it, held children included, and goes with it. From inside its namespace no
signal reaches it, and no process may look into it.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from autograder.engine.inside import messages, notebook, system, world

NAMESPACES = world.NAMESPACES


def run(
    message: dict[str, Any], descriptors: list[int], walls: bool, uid: int, gid: int, filters: bytes, shell: Any
) -> None:
    """Set up, start the notebook's process, reap what ends. Behind walls it waits for its own end, too.

    Args:
        message: limits and the number of questions.
        descriptors: the control channel, standard output, standard error, then one channel per question.
        uid, gid: of the warm process.
        filters: the seccomp program.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptors[0])
    limits = message["limits"]
    try:
        messages.send_message(control, {"init": os.getpid()})
        if walls:
            world.become_student(uid, gid)
            world.go_first()
            world.enter(limits)
            system.drop_capabilities()
            system.prctl(system.PR_SET_DUMPABLE, 0)
            system.install_filter(filters)
        else:
            os.setsid()
            _reap_orphans()
            world.make_home(message["scratch"])
        pid = system.fork_alone()
    except (OSError, LookupError) as error:
        messages.send_message(control, {"refused": str(error)})
        return
    if pid == 0:
        try:
            others = len(descriptors)  # init, the notebook's process and the held children
            notebook.run(control, descriptors, limits if walls else None, others, message["ambient"], shell)
        finally:
            os._exit(0)
    control.detach()
    for descriptor in descriptors:
        os.close(descriptor)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:  # nothing is left, nor will be
            if not walls:
                return
            signal.pause()  # until the trusted side, which knows by this that nobody else has ended the submission


def _reap_orphans() -> None:
    """Without a PID namespace: orphans of the submission become our children all the same, where that is known."""
    try:
        system.prctl(system.PR_SET_CHILD_SUBREAPER, 1)
    except (OSError, AttributeError):
        return
