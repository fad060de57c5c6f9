"""Are planted mistakes found again as groups, and how fast?

    python benchmarks/groups.py                 # 1,000 submissions to ps4
    python benchmarks/groups.py --students 200

A class makes `CLASSES` mistakes, over all questions, that no file of variants knows: mutants of the solution that the
hidden tests catch, each with answers of its own. How many make each falls as 1 / rank, and one wrong answer in thirty
is like no other. Everybody's answers differ by rounding. What is kept of each is computed as in grading, written to a
course folder beside a graded notebook, read again and grouped. Measured are the adjusted Rand index (Hubert and Arabie,
1985) between the groups and what was planted, the share of the wrong answers that the ten largest groups hold, and
seconds. Results go to `benchmarks/results/groups.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from math import comb
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from history import keep  # noqa: E402

from autograder.answers.encoding import encode  # noqa: E402
from autograder.answers.frames import VALUE, packed, read_frame, read_settings  # noqa: E402
from autograder.answers.values import Array  # noqa: E402
from autograder.assignment.jobs import load_assignment, source_job  # noqa: E402
from autograder.course import Course  # noqa: E402
from autograder.engine.pool import Sandbox  # noqa: E402
from autograder.grading.kept_class import kept_class  # noqa: E402
from autograder.grouping.groups import groups_of  # noqa: E402
from autograder.judging.behaviour import behaviour  # noqa: E402
from autograder.judging.explain import in_words  # noqa: E402
from autograder.judging.judge import judge, read_expected  # noqa: E402
from autograder.judging.verdict_text import said_of_wrong  # noqa: E402
from autograder.misconceptions.diagnosis import only_exceptions, same_answers  # noqa: E402
from autograder.misconceptions.jobs import streams_of, test_of  # noqa: E402
from autograder.misconceptions.variants import read_variants  # noqa: E402
from autograder.mutants.asking import mutants_by_question  # noqa: E402
from autograder.records.execution import Job, Limits  # noqa: E402
from autograder.records.graded import Graded  # noqa: E402

PROBLEM_SET, SEED = "ps4", 5
CLASSES, WRONG, ALONE = 12, 0.6, 1 / 30  # mistakes, who makes one, and who makes one alone
ROUNDING = 1  # in units of the last place or so: relative errors of 1e-7 in float32, of 1e-15 in float64
ALONE_ERROR = 1e14  # of an answer that is like no other: a tenth of each number, in any dtype
_UNIT = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 1e-7, "float64": 1e-15}
Planted = tuple[str, list[bytes]]  # the test cell, and what is answered to it


def planted_mistakes(course: Course) -> tuple[dict[str, list[bytes]], list[Planted]]:
    """The answer key, and `CLASSES` mistakes that no file of variants knows, from all questions in turn."""
    assignment = load_assignment(course, PROBLEM_SET)
    notebook, tests = assignment.source, test_of(assignment.source)
    engine = Sandbox(Limits(question_seconds=300.0, total_seconds=3600.0, cpu_seconds=1200, answer_bytes=256 << 20))

    def run(job: Job) -> dict[str, list[bytes]]:
        return {question.name: question.frames for question in engine.run(job).questions}

    mutants = [one for of_question in mutants_by_question(notebook).values() for one in of_question]
    known = read_variants(assignment.source_path.parent, notebook).misconceptions
    try:
        expected = run(source_job(notebook, SEED))
        streams = streams_of(notebook, [*known, *mutants], run, SEED, together=True, seconds=1.0)
    finally:
        engine.close()
    found: dict[str, list[list[bytes]]] = defaultdict(list)
    for mutant in mutants:
        test, stream = tests[mutant.question], streams[mutant]
        others = [streams[one] for one in known if one.question == mutant.question] + found[test]
        asked = read_expected(expected[test])
        is_new = not any(same_answers(asked, stream, other) for other in others)
        if is_new and not only_exceptions(stream) and judge(expected[test], stream, 1.0).score < 1:
            found[test].append(stream)
    generator = np.random.default_rng(SEED)
    in_turn = [(test, streams[int(place)]) for test, streams in found.items() for place in
               generator.permutation(len(streams))[:CLASSES]]  # fmt: skip
    chosen = generator.permutation(len(in_turn))[:CLASSES]
    return expected, [in_turn[int(place)] for place in chosen]


def rounded(value: Any, generator: np.random.Generator, error: float) -> Any:
    """A decoded value as torch and Python have it, with errors of rounding in its floats."""
    if isinstance(value, Array):
        data = value.data
        if "float" in value.dtype:
            with np.errstate(all="ignore"):
                errors = min(error * _UNIT[value.dtype], 0.1) * generator.standard_normal(data.shape)
                data = (data * (1 + errors)).astype(data.dtype)
        if value.library == "torch":
            return torch.from_numpy(np.ascontiguousarray(data).copy()).reshape(data.shape)
        return data
    if type(value) is float:
        return value * (1 + min(error * _UNIT["float64"], 0.1) * float(generator.standard_normal()))
    if type(value) in (list, tuple):
        return type(value)(rounded(entry, generator, error) for entry in value)
    if type(value) is dict:
        return {key: rounded(entry, generator, error) for key, entry in value.items()}
    return value


def with_errors(stream: list[bytes], generator: np.random.Generator, error: float) -> list[bytes]:
    """The answers of somebody who made the same mistake in other words."""
    found = []
    for frame in stream:
        read = read_frame(frame)
        if read.kind == VALUE:
            settings = read_settings(frame)
            if settings.returns == "both":  # arguments that were not changed have no rounding
                content = (rounded(read.content[0], generator, error), rounded(read.content[1], generator, 0.0))
            else:
                content = rounded(read.content, generator, error)
            frame = packed(VALUE, encode(content), settings)
        found.append(frame)
    return found


def make_class(course: Course, students: int) -> tuple[dict[str, str], float]:
    """Write what is kept of a class. Returns what each student did, and the seconds that behaviours took of grading."""
    expected, planted = planted_mistakes(course)
    weights = 1 / np.arange(1, len(planted) + 1)
    generator = np.random.default_rng(SEED)
    did: dict[str, str] = {}
    seconds = 0.0
    notebook = json.loads(course.released_notebook(PROBLEM_SET).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    for number in range(students):
        student, behaviours, verdicts = f"student{number:04}", {}, {}
        if generator.random() < WRONG:
            place = int(generator.choice(len(planted), p=weights / weights.sum()))
            test, stream = planted[place]
            alone = generator.random() < ALONE
            came = with_errors(stream, generator, ALONE_ERROR if alone else ROUNDING)
            did[student] = student if alone else str(place)
            verdict = in_words(judge(expected[test], came, 1.0), expected[test], came)
            started = time.perf_counter()
            one = behaviour(verdict, expected[test], came, said_of_wrong(verdict.answers), "done")
            seconds += time.perf_counter() - started
            behaviours[test] = one.as_dict()
            verdicts[test] = {"matched": verdict.matched, "asked": verdict.asked, "has_rule": verdict.has_rule}
        key = f"{number:064x}"
        graded = Graded(key, SEED, {}, [], {}, {}, verdicts, {}, notebook, behaviours=behaviours)
        write(course.results / PROBLEM_SET / "graded" / f"{key}.json", graded.as_dict())
        write(
            course.autograded_notebook(student, PROBLEM_SET), {**notebook, "metadata": {"gradus": {"fingerprint": key}}}
        )
        write(course.submitted_notebook(student, PROBLEM_SET), notebook)
    return did, seconds


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def adjusted_rand_index(one: dict[str, str], other: dict[str, str]) -> float:
    """How far two partitions of the same students agree: 1 when they are the same, about 0 by chance."""

    def pairs(labels: list[Any]) -> int:
        return sum(comb(count, 2) for count in Counter(labels).values())

    both = pairs([(one[student], other[student]) for student in one])
    first, second, whole = pairs(list(one.values())), pairs([other[student] for student in one]), comb(len(one), 2)
    by_chance = first * second / whole
    most = (first + second) / 2
    return (both - by_chance) / (most - by_chance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=1000)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder))
        did, behaviour_seconds = make_class(course, students)
        started = time.perf_counter()
        kept = kept_class(course, PROBLEM_SET)
        read_seconds = time.perf_counter() - started
        points = load_assignment(course, PROBLEM_SET).points
        started = time.perf_counter()
        found = groups_of({one.student: one.graded for one in kept.submissions}, points)
        group_seconds = time.perf_counter() - started
    grouped = {student: group.name for group in found.groups for student in group.students}
    largest = sorted((group.size for group in found.groups), reverse=True)[:10]
    figures = {
        "problem_set": PROBLEM_SET,
        "students": students,
        "wrong_answers": len(did),
        "planted": len(set(did.values())),
        "groups": len(found.groups),
        "adjusted_rand_index": round(adjusted_rand_index(did, grouped), 4),
        "ten_largest_cover": round(sum(largest) / len(did), 4),
        "seconds": {
            "read": round(read_seconds, 2),
            "group": round(group_seconds, 3),
            "of_grading": round(behaviour_seconds, 2),
        },
    }
    print(json.dumps(figures, indent=1))
    keep("groups", figures)


if __name__ == "__main__":
    main()
