"""Make `.venv` and install everything that Gradus needs into it, in three steps that pip can resolve.

`make` runs this with the machine's own Python, which may be too old, so the file keeps to syntax that every Python
reads, and every obstacle ends in one sentence that says what to do. A second run with nothing changed does nothing.

Without `make`, on Windows and in a student's bundle: `python3 tools/bootstrap.py`, `py tools\\bootstrap.py`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "gradus-installed")
LOG = os.path.join(ROOT, "_build", "install.log")
OLDEST = (3, 11)
NEEDED_BYTES = 4 * 10**9  # 2 GB installed with a CPU build of torch, as much again while pip unpacks
NEEDED_WITH_CUDA = 12 * 10**9  # 6 GB installed: pip brings CUDA on Linux, unless it is told otherwise
WITH_MAKE = os.name != "nt" and os.path.exists(os.path.join(ROOT, "Makefile"))
COMMAND = "make" if WITH_MAKE else "py tools\\bootstrap.py" if os.name == "nt" else "python3 tools/bootstrap.py"

NO_SPACE = ("No space left on device", "Errno 28", "Disk quota exceeded")
NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeout",
    "ReadTimeout",
    "ConnectionError",
    "ProxyError",
    "No matching distribution found",
)


def stop(sentence):
    sys.stderr.write("gradus: " + sentence + "\n")
    sys.exit(1)


def check_python():
    if sys.version_info[:2] < OLDEST:
        here = "%d.%d" % sys.version_info[:2]
        again = "make PYTHON=python3.12" if WITH_MAKE else COMMAND.replace("py ", "py -3.12 ").replace("n3 ", "n3.12 ")
        stop(
            "Python %d.%d or newer is needed, and %s is %s; install a newer one and run `%s`."
            % (OLDEST[0], OLDEST[1], sys.executable, here, again)
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(
            "this Python has no venv module; on Debian and Ubuntu, `apt install python3-venv`, then run `%s` again."
            % COMMAND
        )


def check_disk():
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        stop(
            "%.1f GB are free on the disk of %s and the installation needs %.0f GB (%.0f GB with CUDA); free some and "
            "run `%s` again." % (free / 1e9, ROOT, NEEDED_BYTES / 1e9, NEEDED_WITH_CUDA / 1e9, COMMAND)
        )


def project():
    """What pyproject.toml says."""
    import tomllib  # Python 3.11 and newer, which check_python has made sure of

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as stream:
        return tomllib.load(stream)


def fingerprint():
    """What the installation depends on: the lists of versions, this script and the Python that runs it.

    What pyproject.toml says of lint and tests is not in it: after a change there nothing is installed again.
    """
    tables = project()
    installed = [tables["build-system"], tables["project"], tables["tool"]["setuptools"], tables["tool"]["gradus"]]
    digest = hashlib.sha256(("%s %s %s" % (sys.version, ROOT, json.dumps(installed, sort_keys=True))).encode())
    for name in ("requirements.txt", "tools/bootstrap.py"):
        with open(os.path.join(ROOT, name), "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def is_installed(wanted):
    try:
        with open(STAMP) as stream:
            return stream.read() == wanted and os.path.exists(venv_python())
    except IOError:
        return False


def venv_python():
    return os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def step(what, command):
    """Run one step, its output going to the log; explain a failure in a sentence."""
    sys.stdout.write("  %-62s" % what)
    sys.stdout.flush()
    started = time.time()
    with open(LOG, "ab") as log:
        log.write((" ".join(command) + "\n").encode())
        log.flush()
        mark = log.tell()
        status = subprocess.call(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    if status == 0:
        sys.stdout.write("%4.0f s\n" % (time.time() - started))
        return
    sys.stdout.write("failed\n")
    with open(LOG, "rb") as log:
        log.seek(mark)
        said = log.read().decode("utf-8", "replace")
    if any(sign in said for sign in NO_SPACE):
        stop(
            "the disk is full; free about %.0f GB (%.0f GB with CUDA) and run `%s` again."
            % (NEEDED_BYTES / 1e9, NEEDED_WITH_CUDA / 1e9, COMMAND)
        )
    if any(sign in said for sign in NO_NETWORK):
        stop(
            "pip cannot reach its package index, or the index lacks a version; check the network and run `%s` again."
            % COMMAND
        )
    sys.stderr.write("\n".join(said.splitlines()[-8:]) + "\n")
    stop(
        "the step above failed; the whole output is in %s; delete %s and run `%s` to begin anew." % (LOG, VENV, COMMAND)
    )


def venv_works():
    """Whether `.venv` is there, whole, and made by this version of Python."""
    code = "import sys; sys.exit(sys.version_info[:2] != (%d, %d))" % sys.version_info[:2]
    try:
        return subprocess.call([venv_python(), "-c", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def install():
    versions = project()["tool"]["gradus"]["pins"]
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    print(
        "Installing into .venv (about 2 GB with a CPU build of torch, 6 GB with CUDA; minutes, depending on the "
        "connection):"
    )
    if not venv_works():
        step("a virtual environment", [sys.executable, "-m", "venv", "--clear", VENV])
    torch = ["torch==" + versions["torch"], "torchvision==" + versions["torchvision"]]
    step("torch %(torch)s and torchvision %(torchvision)s" % versions, pip + torch)
    # d2l's own pins are years old: the locked list goes in without anybody's dependencies.
    step("everything in requirements.txt", pip + ["--no-deps", "-r", "requirements.txt"])
    step("gradus itself", pip + ["--no-deps", "--no-build-isolation", "-e", "."])


def size_of(folder):
    """The bytes of all files below a folder."""
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_size for path in paths)


def main():
    check_python()
    wanted = fingerprint()
    if is_installed(wanted):
        return
    if not venv_works():
        check_disk()
    if not os.path.isdir(os.path.dirname(LOG)):
        os.makedirs(os.path.dirname(LOG))
    if os.path.exists(STAMP):
        os.remove(STAMP)
    try:
        install()
    except KeyboardInterrupt:
        stop("interrupted; `%s` goes on where this stopped." % COMMAND)
    with open(STAMP, "w") as stream:
        stream.write(wanted)
    print("It takes %.1f GB." % (size_of(VENV) / 1e9))
    if not WITH_MAKE:
        scripts = os.path.relpath(os.path.dirname(venv_python()), ROOT)
        print(
            "Next: `%s` once, then `%s`." % (os.path.join(scripts, "gradus data"), os.path.join(scripts, "jupyter lab"))
        )


if __name__ == "__main__":
    main()
