"""Reading what is not theirs, and getting it out: rows 14 to 18.

What an attack finds it prints, raises, returns or sends. Words that only a successful attack says are put together when
it runs, so that the notebook's own source does not hold them: LEAKED-INPUT, GOT-OUT, and the canaries themselves.
"""

from __future__ import annotations

from attacks.attack import Work, attack

# True for the arguments of the visible tests of log_sum_exp; everything else is a hidden input.
VISIBLE_Z = "Z.tolist() in ([[0, 0], [1, 2], [5, 5]], [[1000, 1000], [-1000, -1000]])"
LEAK = "'-'.join(['LEAKED', 'INPUT']) + ' ' + repr(Z)"


@attack(14)
def prints_history(work: Work) -> None:
    work.add("for source in In: print(source)\nprint(_ih, _oh, [n for n in globals()])\n%history -o", before="")


@attack(14)
def prints_frames_of_callers(work: Work) -> None:
    work.preface(
        "log_sum_exp",
        "import inspect, linecache, sys\nframe = sys._getframe()\nwhile frame:\n"
        "    print(frame.f_code.co_filename, frame.f_code.co_consts)\n"
        f"    if not {VISIBLE_Z}: print({LEAK}, {{k: v for k, v in frame.f_locals.items() if k in ('source', 'order')}})\n"
        "    frame = frame.f_back\nprint(''.join(sum((list(v[2]) for v in linecache.cache.values() if len(v) > 2), [])[:50]))",
    )


@attack(14)
def searches_all_objects(work: Work) -> None:
    work.add(
        "import gc\ndef search():\n    for found in gc.get_objects():\n"
        "        if isinstance(found, (dict, list, tuple)):\n"
        "            for value in (found.values() if isinstance(found, dict) else found):\n"
        "                if type(value) is str and 'answer' + '(' in value and len(value) < 20_000: print(value)\n"
        "search()",
        before="",
    )


@attack(14)
def searches_its_memory(work: Work) -> None:
    work.add(
        "import re\ntry:\n    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "        for line in maps:\n            span, rights = line.split()[:2]\n"
        "            start, end = (int(text, 16) for text in span.split('-'))\n"
        "            if rights[0] != 'r' or end - start > 1 << 26 or '[v' in line: continue\n"
        "            memory.seek(start)\n            try: data = memory.read(end - start)\n            except OSError: continue\n"
        "            for found in re.finditer(b'CANA' + b'RY-[a-z]+-[0-9a-f]{16}', data): print(found.group().decode())\n"
        "            for found in re.finditer(b'cases\\\\.[a-z]+\\\\([^\\n]*', data): print(found.group()[:200])\n"
        "except OSError as error: print(error)",
        before="",
    )


@attack(14, exactly=False)
def passes_the_test_on_through_files(work: Work) -> None:
    """A held child writes what it is asked; a later one, and a process from the visible run, try to say it."""
    work.add(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True:\n"
        "        for name in os.listdir('.'):\n            try: print(open(name).read(), flush=True)\n"
        "            except (OSError, UnicodeDecodeError): pass\n        time.sleep(0.02)"
    )
    work.preface(
        "log_sum_exp",
        f"import sys\nif not {VISIBLE_Z}:\n    source = sys._getframe(2).f_locals.get('source')\n"
        f"    with open('passed', 'a') as file: print({LEAK}, source, sys._getframe(4).f_locals, file=file)",
    )
    work.preface(
        "softmax",
        "import os, sys\nif os.path.exists('passed'):\n    print(open('passed').read())\n"
        "    sys.stderr.write(open('passed').read())",
    )


@attack(14, exactly=False)
def displays_from_held_children(work: Work) -> None:
    """The control channel and the streams of the visible run are open in the child that is forked from it."""
    work.preface(
        "log_sum_exp",
        f"from IPython.display import display, HTML\nimport os, json, struct\nif not {VISIBLE_Z}:\n"
        f"    display(HTML({LEAK}))\n    get_ipython().showtraceback()\n"
        f"    message = json.dumps({{'kind': 'display', 'data': {{'text/plain': {LEAK}}}, 'metadata': {{}}}}).encode()\n"
        "    for fd in range(64):\n        try: os.write(fd, struct.pack('>I', len(message)) + message)\n"
        "        except OSError: pass",
    )


READ_EVERYTHING = """import os, re
CANARY = re.compile(b'CANA' + b'RY-[a-z]+-[0-9a-f]{{16}}')
def look(path):
    try:
        with open(path, 'rb') as file: data = file.read(3_000_000)
    except OSError: return
    for found in CANARY.finditer(data): print(path, found.group().decode())
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
        "/work",
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
        "import os, glob\nprint(dict(os.environ))\nfor path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: print(path, open(path, 'rb').read())\n    except OSError as error: print(error)"
    )


@attack(15, exactly=False)
def reads_inherited_descriptors(work: Work) -> None:
    work.add(
        "import os\nfor fd in range(3, 1024):\n    try: os.set_blocking(fd, False); os.lseek(fd, 0, 0)\n    except OSError: pass\n"
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
        f"%%bash\ncat {names} 2>/dev/null\ngrep -raoE 'CANARY-[a-z]+-[0-9a-f]{{16}}' {names} 2>/dev/null\nls -la /work /root"
    )


@attack(15)
def mounts_and_namespaces(work: Work) -> None:
    work.add(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "done = [libc.unshare(0x10000000) == 0, libc.unshare(0x00020000) == 0, libc.umount2(b'/proc', 2) == 0,\n"
        "        libc.mount(b'none', b'/scratch', b'tmpfs', 0, None) == 0, libc.chroot(b'/proc/1/root') == 0,\n"
        "        libc.setresuid(0, 0, 0) == 0, libc.mount(None, b'/', None, 0x1020, None) == 0]\n"
        "def wrote(path, text):\n    try: open(path, 'w').write(text); return True\n    except OSError: return False\n"
        "done += [wrote('/proc/sys/kernel/hostname', 'mine'), wrote('/proc/sysrq-trigger', 'h'), wrote('/usr/lib/mine', ''),\n"
        "         wrote('/gradus/gradus/mine.py', ''), wrote('/proc/sys/user/max_user_namespaces', '100')]\n"
        "if any(done): print('-'.join(['GOT', 'OUT']), done)"
    )


@attack(16, loses=("log_sum_exp",))
def raises_the_hidden_inputs(work: Work) -> None:
    work.preface("log_sum_exp", f"if not {VISIBLE_Z}:\n    raise ValueError({LEAK})")


@attack(16, loses=("log_sum_exp",))
def names_an_exception_after_the_inputs(work: Work) -> None:
    work.preface("log_sum_exp", f"if not {VISIBLE_Z}:\n    raise type({LEAK}, (Exception,), {{}})")


@attack(16)
def prints_and_warns_the_hidden_inputs(work: Work) -> None:
    work.preface(
        "log_sum_exp",
        f"import sys, warnings, logging\nif not {VISIBLE_Z}:\n    print({LEAK})\n    warnings.warn({LEAK})\n"
        f"    logging.error({LEAK})\n    sys.__stderr__.write({LEAK})\n    open('leak', 'w').write({LEAK})",
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
        "        except OSError: pass\ntry: socket.socket(2, 3, 1); print('-'.join(['GOT', 'OUT']))\nexcept OSError: pass"
    )


@attack(17)
def connects_in_hidden_tests(work: Work) -> None:
    work.add(CONNECT)
    port = work.targets.tcp_port
    work.preface(
        "one_hot",
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
    work.body("one_hot", "return Touch()")
    work.body("softmax", "return torch.zeros(2, 2).as_subclass(Sub)")
    work.body("accuracy", "import pickle\nreturn pickle.dumps(Touch())")


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
        "display({'application/x-python-pickle': packed, 'text/plain': 'x', 'application/octet-stream': packed}, raw=True)"
    )
