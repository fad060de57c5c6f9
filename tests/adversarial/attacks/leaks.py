"""Reading hidden tests and their inputs, and getting them out: rows 14 and 16.

What an attack finds it prints, raises, returns or sends. Words that only a successful attack says are put together when
it runs, so that the notebook's own source does not hold them: LEAKED-INPUT, GOT-OUT, and the canaries themselves.
"""

from __future__ import annotations

from attacks.attack import Work, attack

# True for the arguments of the visible tests of log_sum_exp; everything else is a hidden input.
VISIBLE_LOGITS = "logits.tolist() in ([[0, 0], [1, 2], [5, 5]], [[1000, 1000], [-1000, -1000]], [[1, 1, 1], [1, 1, 1]])"
LEAK = "'-'.join(['LEAKED', 'INPUT']) + ' ' + repr(logits)"


@attack(14)
def prints_history(work: Work) -> None:
    work.add("for source in In: print(source)\nprint(_ih, _oh, [n for n in globals()])\n%history -o", before="")


@attack(14)
def prints_frames_of_callers(work: Work) -> None:
    work.preface(
        "log_sum_exp",
        "import inspect, linecache, sys\nframe = sys._getframe()\nwhile frame:\n"
        "    print(frame.f_code.co_filename, frame.f_code.co_consts)\n"
        f"    if not {VISIBLE_LOGITS}: print({LEAK}, "
        "{k: v for k, v in frame.f_locals.items() if k in ('source', 'order')})\n"
        "    frame = frame.f_back\n"
        "print(''.join(sum((list(v[2]) for v in linecache.cache.values() if len(v) > 2), [])[:50]))",
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
        "            memory.seek(start)\n            try: data = memory.read(end - start)\n"
        "            except OSError: continue\n"
        "            for found in re.finditer(b'CANA' + b'RY-[a-z]+-[0-9a-f]{16}', data): "
        "print(found.group().decode())\n"
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
        f"import sys\nif not {VISIBLE_LOGITS}:\n    source = sys._getframe(2).f_locals.get('source')\n"
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
        f"from IPython.display import display, HTML\nimport os, json, struct\nif not {VISIBLE_LOGITS}:\n"
        f"    display(HTML({LEAK}))\n    get_ipython().showtraceback()\n"
        f"    message = json.dumps({{'kind': 'display', 'data': {{'text/plain': {LEAK}}}, "
        "'metadata': {}}).encode()\n"
        "    for fd in range(64):\n        try: os.write(fd, struct.pack('>I', len(message)) + message)\n"
        "        except OSError: pass",
    )


@attack(16, loses=("log_sum_exp",))
def raises_the_hidden_inputs(work: Work) -> None:
    work.preface("log_sum_exp", f"if not {VISIBLE_LOGITS}:\n    raise ValueError({LEAK})")


@attack(16, loses=("log_sum_exp",))
def names_an_exception_after_the_inputs(work: Work) -> None:
    work.preface("log_sum_exp", f"if not {VISIBLE_LOGITS}:\n    raise type({LEAK}, (Exception,), {{}})")


@attack(16)
def prints_and_warns_the_hidden_inputs(work: Work) -> None:
    work.preface(
        "log_sum_exp",
        f"import sys, warnings, logging\nif not {VISIBLE_LOGITS}:\n    print({LEAK})\n    warnings.warn({LEAK})\n"
        f"    logging.error({LEAK})\n    sys.__stderr__.write({LEAK})\n    open('leak', 'w').write({LEAK})",
    )
