"""A script: drop root if we have it, then become bubblewrap, which starts the warm process.

Started as root, the files that the sandbox shows may lie where only root can go (`/root` is closed to others). So root
binds them to a staging folder in a mount namespace of its own, becomes an unused user for good, and only then starts
bubblewrap. No process that student code can reach has ever been root.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pwd
import secrets
import sys
from pathlib import Path

TYPE_CHECKING = False  # `typing` itself is not worth its time here
if TYPE_CHECKING:
    from typing import Any

_STAGE = "/sys"  # covered by a tmpfs in our own mount namespace: a folder that is there on every Linux, and not needed


def main(order: dict[str, Any]) -> None:
    """Become bubblewrap.

    Args:
        order: `bwrap` (path), `steps` (from `walls.plan`), `environment`, `command`, `keep` (the descriptor that the
            warm process inherits), `cgroups` (files to write to, to enter a cgroup).
    """
    for door in order["cgroups"]:
        with contextlib.suppress(OSError):  # the other bounds stand without it; `gradus doctor` tells
            Path(door).write_text("0")
    steps = [list(step) for step in order["steps"]]
    if os.geteuid() == 0:
        _stage(steps)
        _become_nobody()
    arguments = [
        order["bwrap"],
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "ALL",
    ]
    arguments += ["--uid", "1000", "--gid", "1000", "--hostname", "gradus"]
    for name, value in order["environment"].items():
        arguments += ["--setenv", name, value]
    for step in steps:
        arguments += _option(*step)
    arguments += ["--chdir", "/gradus", "--", *order["command"]]
    os.set_inheritable(order["keep"], True)
    os.execv(order["bwrap"], arguments)


def _option(operation: str, *rest: str) -> list[str]:
    match operation:
        case "show":
            return ["--ro-bind", *rest]
        case "device":
            return ["--dev-bind", *rest]
        case "link":
            return ["--symlink", *rest]
        case "file":
            return ["--perms", "0444", "--ro-bind-data", str(_in_memory(base64.b64decode(rest[0]))), rest[1]]
        case "tmpfs":
            return ["--perms", "0755", "--tmpfs", *rest]
        case "read-only":
            return ["--remount-ro", *rest]
        case _:
            return [f"--{operation}", *rest]  # dir, proc, dev


def _in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("shown", 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _stage(steps: list[list[str]]) -> None:
    """Bind everything that is to be shown below `_STAGE`, and point the steps there."""
    from autograder.engine.inside import system

    system.unshare(system.CLONE_NEWNS)
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    sources = [os.open(step[1], os.O_PATH) if step[0] == "show" else None for step in steps]
    system.mount("stage", _STAGE, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=4m,mode=0755")
    for number, (step, source) in enumerate(zip(steps, sources, strict=True)):
        if source is None:
            continue
        place = Path(_STAGE, str(number))
        if Path(step[1]).is_dir():
            place.mkdir(mode=0o755)
        else:
            place.touch(mode=0o644)
        system.mount(f"/proc/self/fd/{source}", str(place), None, system.MS_BIND | system.MS_REC)
        os.close(source)
        step[1] = str(place)


def _become_nobody() -> None:
    """Take an unused uid and gid for good."""
    from autograder.engine.inside import system

    uid = _unused_uid()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(PermissionError):
        os.setresuid(0, 0, 0)
        raise SystemExit("root could not be dropped")


def _unused_uid() -> int:
    """A uid that no user and no process has; another for each worker, since process limits are counted per uid."""
    most = 65_000
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        inside, _, length = (int(field) for field in line.split())
        most = max(most, min(inside + length - 1, 1 << 31) - 1)
    known = {user.pw_uid for user in pwd.getpwall()}
    running = {entry.stat().st_uid for entry in Path("/proc").glob("[0-9]*") if entry.exists()}
    while True:
        uid = most - secrets.randbelow(min(most // 4, 100_000_000))
        if uid not in known | running:
            return uid


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    main(json.loads(sys.argv[1]))
