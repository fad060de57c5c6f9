"""The function that answers, its frames and its descriptors, in the hands of those who answer: row 6."""

from __future__ import annotations

from attacks.attack import Work, attack
from attacks.marks import everywhere


@attack(6, right=False)
def answer_patched(work: Work) -> None:
    work.add(
        "import autograder.answers as A\nfrom autograder.answers import asking, frames, hidden_run as session, stream\n"
        "for module in (A, asking, stream, session):\n"
        "    for name in list(vars(module)):\n"
        "        if name.startswith(('answer', '_ask', 'run_test', 'encode')):\n"
        "            setattr(module, name, lambda *a, **k: 1.0)"
    )


@attack(6, right=False)
def frames_forged_on_every_descriptor(work: Work) -> None:
    work.add(
        "import os, struct, json\n"
        "def forge():\n"
        "    for content in (b'A' + b'\\0' * 40, b'D', "
        "json.dumps({'kind': 'result', 'data': {'text/plain': '4.0'}}).encode()):\n"
        "        frame = struct.pack('>I', len(content)) + content\n"
        "        for fd in range(3, 64):\n"
        "            try: os.set_blocking(fd, False); os.write(fd, frame * 30)\n"
        "            except OSError: pass\n"
        "forge()"
    )
    everywhere(work, "forge()\nreturn 1.0")


@attack(6, right=False)
def descriptors_closed(work: Work) -> None:
    everywhere(work, "import os\nos.closerange(0, 4096)\nreturn 1.0")


@attack(6, right=False)
def channel_flooded(work: Work) -> None:
    everywhere(
        work,
        "import os, socket, stat\nfor fd in range(3, 64):\n    try:\n"
        "        if stat.S_ISSOCK(os.fstat(fd).st_mode):\n"
        "            for _ in range(2000): os.write(fd, b'\\x7f' * 65536)\n"
        "    except OSError: pass\nreturn 1.0",
    )


@attack(6, right=False)
def orders_intercepted(work: Work) -> None:
    """Wait in place of the held child, read the test, and say that all is done."""
    work.add(
        "import os\nreal = os.fork\ndef fork():\n    pid = real()\n    if pid == 0:\n"
        "        for fd in range(3, 64):\n"
        "            try:\n                data = os.read(fd, 65536)\n"
        "                os.write(fd, b'\\0\\0\\0\\x01D')\n"
        "            except OSError: pass\n        os._exit(0)\n    return pid\nos.fork = fork"
    )


@attack(6, right=False)
def replays_of_one_answer(work: Work) -> None:
    """Send the same frame a thousand times, in the hope that some of them match."""
    work.add(
        "from autograder.answers import hidden_run as session\nimport builtins\n"
        "def often(self_send):\n    def send(frame):\n        for _ in range(1000): self_send(frame)\n    return send\n"
        "real = session.Session.__init__\n"
        "def init(self, *a, **k):\n    real(self, *a, **k)\n    self.__dict__['send'] = often(self.send)\n"
        "session.Session.__init__ = init"
    )
    work.body("accuracy_gap", "return 1.0")
