"""What lies in the folder besides a notebook, or instead of it: rows 19, 25 and 26."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import zipfile

from attacks.attack import Work, attack

SHADOW = "print('-'.join(['GOT', 'OUT']))\nopen({loot!r} + '/' + __name__, 'w').write('imported')\nraise ImportError\n"


def shadow(work: Work, *names: str) -> None:
    for name in names:
        work.beside(name, SHADOW.format(loot=str(work.targets.loot)))


@attack(19)
def modules_that_shadow_libraries(work: Work) -> None:
    shadow(work, "torch.py", "numpy.py", "random.py", "sitecustomize.py", "usercustomize.py", "IPython.py", "json.py")


@attack(19)
def packages_that_shadow_the_grader(work: Work) -> None:
    shadow(
        work, "autograder/__init__.py", "autograder/answers/__init__.py", "gradus/__init__.py", "nbgrader/__init__.py"
    )


@attack(19)
def start_up_files(work: Work) -> None:
    shadow(
        work, ".ipython/profile_default/startup/00-mine.py", "conftest.py", "ipython_config.py", "nbgrader_config.py"
    )
    work.beside("mine.pth", f"import os; open({str(work.targets.loot)!r} + '/pth', 'w')\n")
    work.beside("jupyter_config.json", "{}")


@attack(19, right=False)
def modules_written_by_a_cell(work: Work) -> None:
    work.add(
        "import os, sys\nos.makedirs('autograder/answers', exist_ok=True)\n"
        "open('autograder/__init__.py', 'w').close()\n"
        "open('autograder/answers/__init__.py', 'w').write("
        "'answer = answer_accuracy = lambda *a, **k: 1.0\\ncases = None')\n"
        "for name in [n for n in sys.modules if n.startswith('autograder')]: del sys.modules[name]\n"
        "sys.path.insert(0, os.getcwd())\n"
        "for name in ('torch', 'numpy'): open(name + '.py', 'w').write('raise SystemExit')"
    )


@attack(25, loses_all=True, problem="link")
def notebook_is_a_link_to_the_gradebook(work: Work) -> None:
    (work.folder / "ps4.ipynb").symlink_to(work.folder.parents[2] / "gradebook.db")
    work.hands_in_notebook = False


@attack(25, loses_all=True, problem="link")
def notebook_is_a_link_to_a_neighbour(work: Work) -> None:
    (work.folder / "ps4.ipynb").symlink_to(work.targets.neighbour)
    work.hands_in_notebook = False


@attack(25, loses_all=True, problem="link")
def folder_is_a_link_to_a_neighbour(work: Work) -> None:
    work.folder.rmdir()
    work.folder.symlink_to(work.targets.neighbour.parent)
    work.hands_in_notebook = False


@attack(25, loses_all=True, problem="")
def notebook_is_a_hard_link_to_a_secret(work: Work) -> None:
    os.link(next(path for path in work.targets.secrets if path.is_file()), work.folder / "ps4.ipynb")
    work.hands_in_notebook = False


@attack(25)
def links_beside_the_notebook(work: Work) -> None:
    for number, path in enumerate(work.targets.secrets):
        (work.folder / f"link-{number}").symlink_to(path)
    (work.folder / "loop").symlink_to(".")
    (work.folder / "dangling").symlink_to("/nowhere")
    (work.folder / "up").symlink_to("../../..")


@attack(25, loses_all=True, problem="not a plain file")
def notebook_is_a_pipe(work: Work) -> None:
    os.mkfifo(work.folder / "ps4.ipynb")
    work.hands_in_notebook = False


@attack(25, loses_all=True, problem="")
def notebook_is_a_folder(work: Work) -> None:
    (work.folder / "ps4.ipynb").mkdir()
    work.hands_in_notebook = False


@attack(25, loses_all=True, problem="not a plain file")
def notebook_is_a_device(work: Work) -> None:
    """`/dev/zero` never ends. Making a device takes root; without it, a link stands in."""
    path = work.folder / "ps4.ipynb"
    try:
        os.mknod(path, 0o020666, os.makedev(1, 5))
    except PermissionError:
        os.mkfifo(path)
    work.hands_in_notebook = False


@attack(25)
def pipes_and_sockets_beside_the_notebook(work: Work) -> None:
    os.mkfifo(work.folder / "data.csv")
    os.mkfifo(work.folder / "timestamp.txt")
    here = os.open(work.folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:  # a short way to a long folder: names of sockets are short
        listener.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)


@attack(25)
def archives_that_slip_and_burst(work: Work) -> None:
    """Nothing asks for archives to be opened, so nothing may open them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../../slipped", "x")
        archive.writestr(f"{work.targets.loot}/slipped", "x")
        archive.writestr("bomb", bytes(50_000_000))
    work.beside("ps4.zip", packed.getvalue())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, str(work.targets.loot)
        archive.addfile(entry)
        archive.addfile(tarfile.TarInfo("link/slipped"))
    work.beside("ps4.tar.gz", packed.getvalue())


@attack(25)
def names_that_are_hard_to_write(work: Work) -> None:
    deep = work.folder
    for _ in range(12):
        deep = deep / ("d" * 250)  # 3,000 characters in all
        deep.mkdir()
    for name in (b"\xff\xfe.ipynb", b"line\nbreak.py", b"-rf", b"\x1b[31mred.ipynb", b"*", b"ps4.ipynb "):
        (work.folder / os.fsdecode(name)).write_bytes(b"{}")


@attack(25, loses_all=True, problem="", student=os.fsdecode(b"r25-\xff\xfe-latin"))
def student_folder_is_not_utf8(work: Work) -> None:
    """Nobody's marks can be recorded under such a name; it is said so."""


@attack(25, loses_all=True, problem="", student="r25-" + "x" * 240)
def student_folder_of_244_characters(work: Work) -> None:
    """Too long for the gradebook, and for most file names made of it."""


@attack(26)
def timestamp_of_nonsense(work: Work) -> None:
    work.beside("timestamp.txt", b"\xff\x00 tomorrow, I swear" * 100)


@attack(26)
def timestamp_from_the_year_one(work: Work) -> None:
    work.beside("timestamp.txt", "0001-01-01 00:00:00.000000 UTC")


@attack(26)
def timestamp_is_a_link(work: Work) -> None:
    (work.folder / "timestamp.txt").symlink_to(work.targets.secrets[0])


@attack(26)
def metadata_of_another_student(work: Work) -> None:
    forged = {"student": "honest-amara", "score": 15.0, "problems": [], "executed": True, "fingerprint": "0" * 64}
    work.notebook["metadata"] |= {"gradus": forged | {"readable": True}, "nbgrader": {"student_id": "honest-amara"}}
    for cell in work.notebook["cells"]:
        cell["metadata"]["gradus"] = forged


@attack(26, right=False)
def assignment_of_another_name(work: Work) -> None:
    """Someone's other homework in the folder of this one."""
    plain = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "print('ps1')"}
    work.notebook["cells"] = [plain | {"id": f"cell-{number}"} for number in range(5)]
    work.notebook["metadata"]["assignment"] = "ps4"
