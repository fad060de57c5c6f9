"""A class that is graded on the workers of a Dask cluster: the same marks, whatever dies meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from dask_cluster import ROOT, Cluster, wait_until
from postgresql_server import Server, keep_in

from autograder.cluster import remote
from autograder.cluster.scheduler import Scheduler, scheduler_at
from autograder.course import Course
from autograder.exporting.command import write_table
from autograder.exporting.marks import ClassMarks
from autograder.grading.grade import RunOptions, grade
from autograder.records.report import Report
from gradus.errors import GradusError

pytestmark = [pytest.mark.slow("schedulers, workers and sandboxes"), pytest.mark.usefixtures("lasting_sandboxes")]

CLASS = {
    "ada": tiny.RIGHT,
    "ben": {**tiny.RIGHT, "halve": "def halve(x):\n    return x // 2"},
    "cem": {"double": "import os\nos._exit(1)"},
    "dee": {**tiny.RIGHT, "double": "def double(x):\n    raise ValueError"},
}


def new_course(folder: Path, **more: dict[str, str]) -> Course:
    course, released = tiny.released_course(folder)
    for student, answers in {**CLASS, **more}.items():
        tiny.hand_in(course, student, tiny.answered(released, **answers))
    return course


def right_but(comment: str) -> dict[str, str]:
    return {**tiny.RIGHT, "halve": f"{tiny.RIGHT['halve']}  # {comment}"}


def on(cluster: Cluster) -> RunOptions:
    return RunOptions(seed=1, scheduler=Scheduler(cluster.address), feedback=False)


def marks(report: Report) -> dict[str, dict[str, float | None]]:
    return {result.student: result.marks for result in report.results}


def exported(report: Report, folder: Path) -> bytes:
    """The table that `gradus export` writes."""
    (folder / "marks.json").write_text(json.dumps(report.as_dict()))
    write_table(ClassMarks.read(folder / "marks.json"), folder / "table.csv")
    return (folder / "table.csv").read_bytes()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, on which submissions may wait, or end the worker."""
    folder = tmp_path_factory.mktemp("cluster")
    with Cluster(folder) as cluster:
        for name in ("one", "two"):
            cluster.worker(name, "deadly_worker", GRADUS_TEST_FOLDER=str(folder))
        yield cluster


@pytest.fixture
def cluster(shared: Cluster) -> Cluster:
    for name in ("harmless", "once", "go", "waiting", "ended"):
        (shared.folder / name).unlink(missing_ok=True)
    return shared


@pytest.fixture(scope="module")
def by_the_pool(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return grade(new_course(tmp_path_factory.mktemp("pool")), "tiny", RunOptions(seed=1, feedback=False))


def test_the_marks_are_those_of_the_pool_and_a_worker_of_another_version_gets_no_work(
    cluster: Cluster, by_the_pool: Report, tmp_path: Path
) -> None:
    other = cluster.worker("other", "older_worker")
    course = new_course(tmp_path)
    try:
        wait_until(lambda: len(addresses(cluster)) == 3, "three workers")
        report = grade(course, "tiny", on(cluster))
    finally:
        other.terminate()
        other.wait()
    assert marks(report) == marks(by_the_pool)
    assert [result.problems for result in report.results] == [result.problems for result in by_the_pool.results]
    assert exported(report, tmp_path) == exported(by_the_pool, tmp_path)
    (note,) = [note for note in report.notes if "got no work" in note]
    assert "torch is 1.0 there" in note
    assert "Install the same version" in note


@pytest.mark.parametrize("how", ["one process", "the pool", "Dask"])
def test_the_export_is_the_same_to_the_byte_with_a_gradebook_on_a_server(
    how: str, cluster: Cluster, by_the_pool: Report, postgresql: Server, tmp_path: Path
) -> None:
    alone = RunOptions(seed=1, feedback=False, workers=1)
    options = {"one process": alone, "the pool": replace(alone, workers=2), "Dask": on(cluster)}[how]
    course = keep_in(new_course(tmp_path), postgresql.database("export"))
    assert exported(grade(course, "tiny", options), tmp_path) == exported(by_the_pool, tmp_path)
    assert not course.gradebook.exists()


def test_a_submission_that_ends_its_worker_is_given_up_and_costs_no_other_one(cluster: Cluster, tmp_path: Path) -> None:
    beside = {f"beside{number}": right_but(f"number {number}") for number in range(4)}
    course = new_course(tmp_path, **beside, eve=right_but("ends its worker"), fay=right_but("ends a worker once"))
    report = grade(course, "tiny", on(cluster))
    (failure,) = report.failures
    assert failure.startswith("eve: the grader failed, not the submission (the worker that ran it ended, 3 times")
    assert (cluster.folder / "ended").read_text() in ("xx", "xxx")  # or it waited as another one ended its worker
    whole = {"test_double": 1, "test_halve": 2, "why": 0}
    assert {student: marks(report)[student] for student in [*beside, "fay"]} == dict.fromkeys([*beside, "fay"], whole)
    (cluster.folder / "harmless").touch()
    again = grade(course, "tiny", on(cluster))
    assert again.failures == []
    assert marks(again)["eve"] == whole


def test_a_client_that_is_killed_is_forgotten_and_the_next_one_goes_on(
    cluster: Cluster, by_the_pool: Report, tmp_path: Path
) -> None:
    course = new_course(tmp_path, zoe=right_but("waits"))
    client = subprocess.Popen(
        tiny.grade_command(course, "--scheduler", cluster.address, "--no-feedback"), cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    results = course.results / "tiny" / "graded"  # of all but one, perhaps, that comes behind the one that waits
    wait_until(lambda: results.is_dir() and len(list(results.iterdir())) >= len(CLASS) - 1, "results on disk")
    wait_until((cluster.folder / "waiting").exists, "a submission that waits")
    client.send_signal(signal.SIGKILL)
    client.wait()
    wait_until(lambda: not asked(cluster, "print(client.run_on_scheduler(tasks))").strip("0\n"), "nothing left to do")
    (cluster.folder / "go").touch()
    kept = {path.name for path in results.iterdir()}
    report = grade(course, "tiny", on(cluster))
    assert {student: marks(report)[student] for student in CLASS} == marks(by_the_pool)
    assert kept < {path.name for path in results.iterdir()}


def test_a_scheduler_that_dies_is_one_sentence_and_the_same_command_goes_on(
    by_the_pool: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir()
    course = new_course(tmp_path, zoe=right_but("waits"))
    with Cluster(folder) as first:
        port = int(first.address.rpartition(":")[2])
        monkeypatch.setattr(remote, "PATIENCE_SECONDS", 0.5)
        with pytest.raises(GradusError, match=f"has no worker that could grade.*\n.*dask worker {first.address}"):
            grade(course, "tiny", on(first))
        monkeypatch.undo()
        first.worker("one", "deadly_worker", GRADUS_TEST_FOLDER=str(folder))
        client = subprocess.Popen(
            tiny.grade_command(course, "--scheduler", first.address, "--no-feedback"), cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        wait_until((folder / "waiting").exists, "a submission that waits")
        first.scheduler.kill()
        said, _ = client.communicate(timeout=30)
        (folder / "go").touch()
    assert client.returncode == 2
    assert "cannot be reached any more" in said
    assert "Traceback" not in said
    with Cluster(folder, port=port) as second:
        second.worker("one")
        report = grade(course, "tiny", on(second))
    assert {student: marks(report)[student] for student in CLASS} == marks(by_the_pool)


def test_over_tls_who_has_no_certificate_of_the_authority_is_refused(by_the_pool: Report, tmp_path: Path) -> None:
    ours, theirs = certificates(tmp_path / "ours"), certificates(tmp_path / "theirs")
    course = new_course(tmp_path)
    options = ("--tls-ca-file", str(ours[0]), "--tls-cert", str(ours[1]), "--tls-key", str(ours[2]))
    with Cluster(tmp_path, "tls", options) as cluster:
        cluster.worker("one")
        for files in ((), theirs):
            address = cluster.address if files else cluster.address.replace("tls", "tcp")
            with pytest.raises(GradusError, match="no scheduler answers us at") as error:
                grade(course, "tiny", RunOptions(scheduler=scheduler_at(address, *files)))
            assert len(str(error.value).splitlines()) == 1
        report = grade(
            course, "tiny", RunOptions(seed=1, scheduler=scheduler_at(cluster.address, *ours), feedback=False)
        )
    assert marks(report) == marks(by_the_pool)


def test_grading_without_a_scheduler_imports_no_dask() -> None:
    modules = "autograder.cli, autograder.grading.run, autograder.grading.class_run, autograder.grading.regrade_class"
    program = f"import sys, {modules}; print([name for name in ('dask', 'distributed') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def addresses(cluster: Cluster) -> list[str]:
    return asked(cluster, "print(*client.scheduler_info()['workers'])").split()


def asked(cluster: Cluster, program: str) -> str:
    """What a program prints that has a `client`, in a process of its own: nothing of it is left in this one."""
    start = f"""from distributed import Client
def tasks(dask_scheduler):
    return len(dask_scheduler.tasks)
client = Client({cluster.address!r})
"""
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, check=True)
    return done.stdout


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority's certificate, and a certificate with its key that it has signed, for schedulers, workers and us."""
    folder.mkdir()
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    of_authority, of_key = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("course", "grader"))

    def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, is_authority: bool) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(of_authority, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    files = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(signed(of_authority, authority.public_key(), True))
    files[1].write_bytes(signed(of_key, key.public_key(), False))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files[2].write_bytes(key.private_bytes(pem, form, plain))
    return files
