"""Attempts to get out, one per wall. Each is a notebook cell whose last expression is True when the wall held.

They are run inside, as a student's cells would be; `doctor` reads what came of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """`code` is the cell. Wherever it ends in an exception, the attempt has not been made, and nothing is proved."""

    name: str
    says: str  # what it means that the wall held
    code: str


SET_UP = """
import ctypes, os, socket, subprocess, pathlib, errno, signal, time
libc = ctypes.CDLL(None, use_errno=True)

def refused(number, *arguments):
    "Whether the kernel refuses this system call to us."
    return libc.syscall(ctypes.c_long(number), *arguments) < 0 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)

def fails(attempt, *kinds):
    "Whether the attempt ends in one of these exceptions."
    try:
        attempt()
    except kinds or OSError:
        return True
    return False

def status(name):
    text = pathlib.Path("/proc/self/status").read_text()
    return next(line.split()[1:] for line in text.splitlines() if line.startswith(name + ":"))

AMD64 = os.uname().machine == "x86_64"
"""

PROBES = (
    Probe("user", "not root, inside or outside", """
outside = int(pathlib.Path("/proc/self/uid_map").read_text().split()[1]) if pathlib.Path("/proc/self").exists() else 1
0 not in (os.getuid(), os.geteuid(), outside) and fails(lambda: os.setuid(0))
"""),
    Probe("capabilities", "none, and no way to get one", """
sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
all(int(status(name)[0], 16) == 0 for name in sets) and status("NoNewPrivs") == ["1"]
"""),
    Probe("seccomp", "a filter is installed", 'status("Seccomp") == ["2"]'),
    Probe("namespaces", "no new one can be made", """
flags = (0x10000000, 0x20000000, 0x00020000, 0x40000000)
clone = 56 if AMD64 else 220
unshared = all(refused(272 if AMD64 else 97, flag) for flag in flags)
unshared and all(refused(clone, ctypes.c_ulong(flag | 17), None, None, None, None) for flag in flags)
"""),
    Probe("mounts", "none can be made or undone", """
mount, umount, pivot = (165, 166, 155) if AMD64 else (40, 39, 41)
made = refused(mount, b"none", b"/scratch/tmp", b"tmpfs", 0, None)
made and refused(umount, b"/proc", 2) and refused(umount, b"/scratch", 2) and refused(pivot, b".", b".")
"""),
    Probe("other processes", "cannot be traced, read or stopped", """
traced = refused(101 if AMD64 else 117, 16, 1, None, None)
read = fails(lambda: open("/proc/1/mem", "rb").read(1)) and fails(lambda: os.listdir("/proc/1/fd"))
numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
try:
    os.kill(1, signal.SIGKILL)
except OSError:
    pass
time.sleep(0.05)
traced and read and len(numbers) < 10
"""),
    Probe("network", "nothing can be reached", """
def connect(address, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as one:
        one.settimeout(0.5)
        one.connect(address)
        one.send(b"x")
interfaces = [line.split(":")[0].strip() for line in pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]]
tried = [fails(lambda: connect(("1.1.1.1", 53))), fails(lambda: connect(("1.1.1.1", 53), kind=socket.SOCK_DGRAM))]
tried += [fails(lambda: connect(("127.0.0.1", 22))), fails(lambda: socket.getaddrinfo("example.org", 80))]
tried += [fails(lambda: socket.socket(40, socket.SOCK_STREAM)), fails(lambda: socket.socket(17, socket.SOCK_RAW))]
all(tried) and interfaces == ["lo"]
"""),
    Probe("files", "only the system, Python, gradus and the data are there, and cannot be written", """
top = {path.name for path in pathlib.Path("/gradus").iterdir()}
package = {path.name for path in pathlib.Path("/gradus/autograder").iterdir()}
places = ["/", "/usr", "/etc", "/gradus", "/gradus/gradus", "/dev", os.path.dirname(os.__file__)]
written = [place for place in places if not fails(lambda: open(os.path.join(place, "gradus-probe"), "w"))]
top <= {"autograder", "gradus", "data"} and package == {"answers"} and not written
"""),
    Probe("repository", "cannot be seen", """
mounts = pathlib.Path("/proc/self/mountinfo").read_text() if pathlib.Path("/proc/self").exists() else ""
hidden = HIDDEN
not any(os.path.exists(path) for path in hidden) and not any(f" {path} " in mounts for path in hidden)
"""),
    Probe("environment", "holds nothing of the caller's", """
"GRADUS_SECRET_PROBE" not in os.environ and os.environ["HOME"] == "/scratch/home"
"""),
    Probe("descriptors", "none is inherited but the submission's own", """
kinds = {os.readlink(f"/proc/self/fd/{name}").split(":")[0] for name in os.listdir("/proc/self/fd") if int(name) < 200
         and os.path.lexists(f"/proc/self/fd/{name}")}
kinds <= {"socket", "pipe", "/dev/null", "anon_inode", "/proc/" + str(os.getpid()) + "/fd"}
"""),
    Probe("memory of a process", "ends at the limit", "fails(lambda: bytearray(1 << 40), MemoryError)"),
    Probe("memory outside the limit", "memfd and System V memory are refused", """
numbers = (319, 29, 68) if AMD64 else (279, 194, 186)
refused(numbers[0], b"x", 0) and refused(numbers[1], 0, 4096, 0o1600) and refused(numbers[2], 0, 0o1600)
"""),
    Probe("kernel corners", "bpf, io_uring, keyrings, perf and userfaultfd are refused", """
numbers = (321, 425, 250, 298, 323) if AMD64 else (280, 425, 219, 241, 282)
all(refused(number, 0, None, 0, 0, 0) for number in numbers)
"""),
    Probe("files' size", "ends at the limit", """
import errno
def fill(path, size):
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
over = fails(lambda: fill("/scratch/tmp/one", FILE_BYTES + (2 << 20)))
full = fails(lambda: [fill(f"/scratch/tmp/{k}", FILE_BYTES // 2) for k in range(TMPFS_BYTES // (FILE_BYTES // 2) + 1)])
sparse = fails(lambda: os.truncate("/scratch/tmp/one", 1 << 40))
for name in os.listdir("/scratch/tmp"):
    os.remove("/scratch/tmp/" + name)
over and full and sparse
"""),
    Probe("number of processes", "ends at the limit", """
started = []
def bomb():
    for _ in range(2000):
        pid = os.fork()
        if pid == 0:
            time.sleep(30); os._exit(0)
        started.append(pid)
ended = fails(bomb)
for pid in started:
    os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
ended
"""),
)  # fmt: skip
