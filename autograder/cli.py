"""The instructor's commands, `gradus release`, `grade` and others. Heavy imports wait until one runs."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradus.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from autograder.cluster.scheduler import Scheduler
    from autograder.course import Course


def _problem_sets(incomplete: str) -> list[str]:
    """What a shell offers for the name of a problem set."""
    from autograder.course import Course

    return [name for name in Course.from_environment().problem_sets() if name.startswith(incomplete)]


ProblemSet = Annotated[
    str, typer.Argument(metavar="PS", help="The problem set, for example ps4.", autocompletion=_problem_sets)
]

CourseFolder = Annotated[
    Path | None,
    typer.Option("--course", metavar="DIR", help="The course folder. Default: GRADUS_COURSE, or autograder/course."),
]

SetsWithVariants = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PS]...", help="Default: all that have variants.", autocompletion=_problem_sets),
]
Questions = Annotated[
    list[str] | None, typer.Option(metavar="Q", help="Only those of this question of PS; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add the instructor's commands to the `gradus` application."""
    app.command()(release)
    app.command()(collect)
    app.command()(grade)
    app.command()(regrade)
    app.command()(mark)
    app.command()(explain)
    app.command()(groups)
    app.command()(report)
    app.command()(export)
    app.command()(gradescope)
    app.command()(variants)
    app.command()(mutants)
    app.command()(train)
    app.command("set-address")(set_address)


def release(
    problem_sets: Annotated[
        list[str] | None, typer.Argument(metavar="[PS]...", help="Default: all.", autocompletion=_problem_sets)
    ] = None,
    folder: CourseFolder = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a notebook is stale.")] = False,
) -> None:
    """Make the student notebooks in exercises/ from solutions/, once the lint has nothing against it.

    Exit 1 and write nothing when a notebook says something that does not hold, such as other points than count. Exit 1
    as well when variants are missing; then all is written, for it can be graded.
    """
    from autograder.authoring.release import advice, contradictions, make_releases, orphans

    course = _course(folder)
    releases = make_releases(course, problem_sets or [])
    stale = [item for item in releases if not item.is_fresh]
    wrong = contradictions(course, problem_sets or [])
    to_mend = [*wrong, *advice(course, problem_sets or [])]
    for finding in to_mend:
        print(finding, file=sys.stderr)
    if check:
        for item in stale:
            print(f"{item.path} is stale; run `gradus release {item.problem_set}`.", file=sys.stderr)
        for path in orphans(course):
            print(f"{path} has no solution that makes it; delete it.", file=sys.stderr)
        if stale or orphans(course) or to_mend:
            raise typer.Exit(1)
    elif wrong:
        print("Nothing was written: mend this first.", file=sys.stderr)
        raise typer.Exit(1)
    for item in stale:
        item.write()
    for item in releases:
        print(f"{item.path}: {'written' if item in stale else 'fresh'}")
    if to_mend:
        raise typer.Exit(1)


def collect(
    problem_set: ProblemSet,
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="Zips, folders or single notebooks.")],
    folder: CourseFolder = None,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Who is in the class; its column `id` names students' folders.")
    ] = None,
    pretend: Annotated[bool, typer.Option("--pretend", help="Only say what would become of each file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Put what students handed in into submitted/<student>/PS/, and say of each file what became of it.

    Downloads of Canvas, Moodle, Gradescope, Blackboard and nbgrader's exchange are known by how they name files; others
    are taken as <student>/<file>. Of several attempts the newest counts. What lay there and differs is moved to
    earlier/ in the course folder. Times that a download states go into timestamp.txt.

    The roster may be a CSV with nbgrader's columns (id, first_name, last_name, email, lms_user_id), or as Canvas,
    Moodle or Gradescope export it.

    Exit 0 when every file found its place, 1 when some were left, 2 when nothing could be read.
    """
    from rich.console import Console

    from autograder.collecting.collect import collect as collect_class
    from autograder.collecting.command import as_dict, show
    from autograder.collecting.roster import Roster

    _say_what_can_be_said()
    known = Roster.read(roster) if roster else None
    report = collect_class(_course(folder), problem_set, sources, known, pretend=pretend)
    if as_json:
        print(json.dumps(as_dict(report), indent=1))
    else:
        show(report, Console())
    if report.left:
        raise typer.Exit(1)


def grade(
    problem_set: ProblemSet,
    folder: CourseFolder = None,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON; - is stdout.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Submissions run at once. 0: one for each core.")] = 0,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**53 - 1, help="Repeat the run with this seed.", show_default=False)
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--resume", help="Draw a new seed and run everything again, or go on with the last run."),
    ] = False,
    feedback: Annotated[bool, typer.Option(help="Write feedback pages.")] = True,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe-no-sandbox", help="Run student code with all the rights of your account."),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Run submissions on the workers of this Dask scheduler; local: on this machine's."
        ),
    ] = None,
    tls_ca_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of the scheduler at tls://: the authority's certificate, in PEM."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Our certificate, in PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, in PEM.")] = None,
) -> None:
    """Grade submitted/<student>/PS/PS.ipynb: marks into the gradebook, feedback pages, a table of the class.

    A run that died is gone on with by starting it again. What is set in the course folder's gradus.toml holds for
    nbgrader and formgrader too.

    Exit 0 when every submission has a result, stated problems included; 1 when the grader itself failed on one;
    2 when nothing could be graded; 130 after Ctrl-C.

    The JSON has assignment, max_score, seed, versions, questions: [{name, points, by_hand}], and submissions:
    [{student, state ("graded" or "problem"), raw_score: the sum of the marks so far, late_penalty: what is taken
    off for being late, score: what is left, submitted: UTC or "", marks: {question: points, or null until marked by
    hand}, problems: \\[sentence], feedback: path, verdicts: {question: {matched, asked, has_rule: whether only
    edges are wrong, missing: \\[idea that is not right], text}}, misconceptions: {question: name}, seconds: {phase:
    seconds}}], and skipped: \\[sentence on what lies in submitted/ and is no submission], notes: \\[sentence on the
    run].
    """
    from rich.console import Console

    from autograder.grading.grade import RunOptions
    from autograder.grading.grade import grade as grade_class

    _say_what_can_be_said()
    here = _course(folder)
    here.require_usable_name()
    _require_writable(as_json)
    cluster = _scheduler(scheduler, tls_ca_file, tls_cert, tls_key)
    options = RunOptions(workers, seed, fresh, feedback, not unsafe, cluster)
    with progress_bar(Console(stderr=True), "preparing") as progress:
        report = grade_class(here, problem_set, options, progress)
    from autograder.feedback.class_table import show  # with nbgrader, which is imported while the sandboxes start

    _tell(report.as_dict(), as_json, lambda console: show(report, console))
    for failure in report.failures:
        print(f"gradus: {failure}; see {here.log}.", file=sys.stderr)
    if report.failures:
        raise typer.Exit(1)


def regrade(
    problem_set: ProblemSet,
    folder: CourseFolder = None,
    question: Annotated[
        list[str] | None, typer.Option(metavar="Q", help="Only this question; may be repeated.")
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(metavar="STUDENT", help="Try it on this student alone; may be repeated.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Write it, but for marks that fall.")] = False,
    accept_falls: Annotated[bool, typer.Option("--accept-falls", help="Write it, with marks that fall.")] = False,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the plan as JSON; - is stdout.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Submissions run at once. 0: one for each core.")] = 0,
    feedback: Annotated[bool, typer.Option(help="Write feedback pages, once it is accepted.")] = True,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run student code with all the rights of your account.")
    ] = False,
) -> None:
    """After a mended test, or other points: whose mark moves, from what to what, and why. Nothing is written.

    Only what the change touches is run: nothing for other points, tolerances or solutions, one question for a changed
    hidden test. With --accept the marks are written, all in one step. Marks that fall stay as they are, unless you say
    --accept-falls. Marks given by hand, extra credit, comments and late days stay in any case.

    Exit 0 when all that was asked for is done; 1 when a submission has no final result, or a mark that falls was kept
    with --accept; 2 when nothing could be done.

    The JSON has assignment, submissions, accepted, falls_accepted, max_score: {before, after}, changes: [{question,
    text}], moves: [{student, question, before, after, way ("rises", "falls", "new" or "person"), why, verdict_before,
    verdict_after, by_hand}], totals: {student: {before, after}}, summary: {unchanged, rise, fall, new,
    needs_a_person}, ran: {nothing, a part, everything}, failures: {student: why}, notes: \\[sentence].
    """
    from rich.console import Console

    from autograder.grading.regrade import RegradeOptions
    from autograder.grading.regrade import regrade as regrade_class

    _say_what_can_be_said()
    here = _course(folder)
    here.require_usable_name()
    _require_writable(as_json)
    options = RegradeOptions(
        tuple(question or ()), tuple(student or ()), accept or accept_falls, accept_falls, workers, feedback, not unsafe
    )
    with progress_bar(Console(stderr=True), "preparing") as progress:
        plan = regrade_class(here, problem_set, options, progress)
    from autograder.feedback.plan_table import show

    found = {**plan.as_dict(), "accepted": options.accept, "falls_accepted": options.falls}
    _tell(found, as_json, lambda console: show(plan, options.accept, options.falls, console))
    if plan.failures or (options.accept and not options.falls and plan.students("falls")):
        raise typer.Exit(1)


def mark(
    problem_set: ProblemSet,
    folder: CourseFolder = None,
    question: Annotated[
        list[str] | None, typer.Option(metavar="Q", help="Only this question; may be repeated.")
    ] = None,
    again: Annotated[bool, typer.Option("--all", help="Those too that have a mark by hand already.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is served. 0: any that is free.")] = 0,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Mark written answers by keyboard, in a page on this machine: without names, and with the guide beside each.

    Equal answers come together, and nearly equal ones next to them. Each mark is saved at once in nbgrader's gradebook,
    as formgrader saves it; extra credit stays. A mark that somebody else gave meanwhile is never written over unasked.

    The page is for this machine's browser alone, and for who has its address. It ends with Ctrl-C. `gradus grade`
    afterwards brings the marks into table and feedback pages.

    Exit 0 when it was ended, 2 when there was nothing to begin with.
    """
    from autograder.marking_page.command import mark as mark_class

    _say_what_can_be_said()
    mark_class(_course(folder), problem_set, question or (), again=again, port=port, open_page=open_page)


def explain(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="As the folder in submitted/ is called.")],
    problem_set: ProblemSet,
    folder: CourseFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Say how a student's mark came about: which file, when, what each question earned, and from whom.

    Nothing is run and nothing is written. Exit 2 when there is nothing to tell.
    """
    from dataclasses import asdict

    from autograder.grading.account import account, in_lines

    _say_what_can_be_said()
    told = account(_course(folder), problem_set, student)
    if as_json:
        print(json.dumps({**asdict(told), "raw_score": told.raw_score, "score": told.score}, indent=1))
    else:
        print("\n".join(in_lines(told)))


def groups(
    problem_set: ProblemSet,
    question: Annotated[str | None, typer.Option(metavar="Q", help="Only the groups of this question.")] = None,
    folder: CourseFolder = None,
    name: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar='GROUP "HINT"', help="Make a group a known mistake, with this hint.", show_default=False),
    ] = None,
    called: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What that mistake is called. Default: the hint's first words.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run without a sandbox.")] = False,
) -> None:
    """Show which wrong answers of the last run are the same: who did the same is one group.

    Answers are compared, not code. With --name, the code of one of the group, without anything of its author, becomes
    an entry in solutions/PS/variants/QUESTION.md, is run as `gradus variants` runs it, and is kept when the tests catch
    it and tell it from the others; the next `gradus grade` gives the hint to everybody in the group.

    Exit 0 when that is done, 2 when there is nothing to show or the entry was not kept.

    The JSON has problem_set, submissions, notes, and groups: [{name, question, size, students, says: \\[sentence],
    misconception: name or "", share: of the points, at_edge: whether only edges are wrong, begun: false where nothing
    was written}].
    """
    from rich.console import Console

    from autograder.grouping.command import as_dict, class_groups, find_group, show

    _say_what_can_be_said()
    here = _course(folder)
    kept, grouped = class_groups(here, problem_set, question)
    if name is not None:
        from autograder.grouping.naming import name_group

        named = name_group(here, kept, find_group(grouped, name[0]), name[1], called, not unsafe)
        print(f"{named.path}: {named.name!r} is written, caught and told apart.")
        if named.strings:
            print(f"Its code has strings of a student's, look at them: {', '.join(map(repr, named.strings))}.")
        print(f"`gradus grade {problem_set}` tells everybody in the group; `make format` gives the code its form.")
    elif as_json:
        print(json.dumps(as_dict(kept, grouped), indent=1))
    else:
        show(kept, grouped, Console())


def report(
    problem_set: ProblemSet,
    folder: CourseFolder = None,
    to: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Where the page goes. Default: reports/PS.html in the course.")
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Numbers in the place of names.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and write no page.")] = False,
) -> None:
    """Write a page on how a class did, from what the last run kept and what the gradebook says.

    It has the distribution of points, the difficulty and discrimination of each question, the groups of wrong answers,
    how far marking by hand is, slow and broken submissions, and look-alikes: a hint, never a verdict. It is one file,
    and loads nothing. Nothing is run. With --anonymous no name is in it, nor what might hold one.

    Exit 0 when it is written, 2 when there is nothing to report.

    The JSON has problem_set, anonymous, students, max_score, distribution: \\[students with each tenth of the points],
    questions: [{name, points, by_hand, marked, waiting, difficulty, discrimination: null with few students, nobody,
    everybody}], groups: as of `gradus groups`, each with an example, broken: [{student, problems}], slow: [{student,
    seconds}], lookalikes: [{students, share, evidence, questions}], notes: \\[sentence].
    """
    from autograder.files.writing import write_result
    from autograder.reporting.class_report import class_report

    _say_what_can_be_said()
    here = _course(folder)
    found = class_report(here, problem_set, anonymous)
    if as_json:
        print(json.dumps(found.as_dict(), indent=1))
        return
    from autograder.reporting.page import page_of

    path = to or here.root / "reports" / f"{problem_set}.html"
    if to is None:
        path.parent.mkdir(exist_ok=True)
    write_result(path, page_of(found).encode("utf-8", "replace"))
    unnamed = sum(not one.group.misconception and not one.group.is_unanswered for one in found.groups)
    print(
        f"{path}: {found.students} submissions, {unnamed} groups without a name, {len(found.lookalikes)} look-alikes."
    )


def export(
    problem_set: ProblemSet,
    marks: Annotated[
        Path, typer.Option(metavar="JSON", help="What `gradus grade PS --json FILE` wrote.", show_default=False)
    ],
    table: Annotated[Path | None, typer.Option(metavar="CSV", help="Write all marks, a line a student.")] = None,
    results: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write <student>/results.json, as Gradescope reads it.")
    ] = None,
    canvas: Annotated[Path | None, typer.Option(metavar="CSV", help="Fill in Canvas's exported gradebook.")] = None,
    moodle: Annotated[Path | None, typer.Option(metavar="CSV", help="Fill in Moodle's grading worksheet.")] = None,
    gradescope: Annotated[Path | None, typer.Option(metavar="CSV", help="Fill in Gradescope's list of scores.")] = None,
    to: Annotated[Path | None, typer.Option(metavar="CSV", help="Where the list goes that was filled in.")] = None,
    column: Annotated[str, typer.Option(metavar="TITLE", help="The list's column for the marks.")] = "",
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Who is in the class, as for `gradus collect`.")
    ] = None,
) -> None:
    """Write the marks of a class for a learning platform: into its own list, as a table, or a file for each student.

    A mark counts when all of it is given: where written answers are still to be marked, a list stays empty, and the
    students are named. Late days are taken off. No text in a table is one that a spreadsheet would run.

    Exit 0 when everybody with a mark is in the list, 1 when somebody is not, 2 when nothing could be written.
    """
    from autograder.collecting.roster import Roster
    from autograder.exporting.command import write_filled, write_results, write_table
    from autograder.exporting.marks import ClassMarks
    from autograder.exporting.tables import CANVAS, GRADESCOPE, MOODLE
    from gradus.errors import GradusError

    _say_what_can_be_said()
    found = ClassMarks.read(marks)
    if found.problem_set != problem_set:
        raise GradusError(f"{marks} has the marks of {found.problem_set}, not of {problem_set}.")
    lists = [(CANVAS, canvas), (MOODLE, moodle), (GRADESCOPE, gradescope)]
    given = [(platform, listed) for platform, listed in lists if listed is not None]
    if not (given or table or results):
        raise GradusError("Say what to write: --table, --results, --canvas, --moodle or --gradescope.")
    if len(given) > 1 or bool(given) != (to is not None):
        raise GradusError("A list that is filled in, one at a time, goes to a file of its own: --canvas CSV --to CSV.")
    known = Roster.read(roster) if roster else None
    said: list[str] = []
    whole = True
    for platform, listed in given:
        said, whole = write_filled(found, listed, platform, known, column, to or listed)
    said += write_table(found, table) if table else []
    said += write_results(found, results) if results else []
    print("\n".join(said))
    if not whole:
        raise typer.Exit(1)


def gradescope(
    problem_set: ProblemSet,
    target: Annotated[
        Path, typer.Option("--to", metavar="ZIP", help="Where it is written.", show_default=False)
    ] = Path("autograder.zip"),
    folder: CourseFolder = None,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox", help="Where its containers have no sandbox: run student code as root there."
        ),
    ] = False,
) -> None:
    """Pack the grader and one problem set as an autograder that Gradescope takes: each student sees marks at once.

    The zip holds the solution and the hidden tests: keep it as you keep those. Where Gradescope's containers do not
    allow a sandbox, the autograder says so and gives no mark, unless it was packed with --unsafe-no-sandbox: student
    code can then read the hidden tests and write its own result, so grade once more here before marks count.
    """
    from autograder.gradescope.pack import pack

    size = pack(_course(folder), problem_set, target, sandbox=not unsafe)
    print(f"{target}: {size / 1e6:.1f} MB; in Gradescope, upload it where the assignment's autograder is configured.")


def variants(
    problem_sets: SetsWithVariants = None,
    question: Questions = None,
    folder: CourseFolder = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the hidden tests' inputs.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run without a sandbox.")] = False,
) -> None:
    """Hand in every wheat and misconception of solutions/PS/variants/*.md, and show which question catches which.

    Checks as well that the hidden tests prove something: that the reference earns full marks with other seeds, and that
    functions which compute nothing earn none.

    Exit 1 when a wheat loses marks, a misconception loses none or cannot be named, or an answer proves nothing.
    """
    from rich.console import Console

    from autograder.authoring.kill_matrices import as_dict, examine, show

    checked = examine(_course(folder), problem_sets or [], seed, not unsafe, question or None)
    if as_json:
        print(json.dumps([as_dict(one) for one in checked], indent=1, ensure_ascii=False))
    else:
        for one in checked:
            show(one, Console())
    if any(one.findings for one in checked):
        raise typer.Exit(1)


def mutants(
    problem_sets: SetsWithVariants = None,
    question: Questions = None,
    folder: CourseFolder = None,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run without a sandbox.")] = False,
) -> None:
    """Make small mistakes in the solutions, by rule, and show how many of them the hidden tests catch.

    A mutant is the solution with one change: another axis, sum for mean, + for -, one too few, a statement forgotten,
    no copy, what is kept from an earlier call, and so on. Each is asked its question with three seeds, as is every
    wheat and misconception. A mutant that is right stands in the last section of solutions/PS/variants/QUESTION.md,
    with the reason: - `function`: `was` → `is now`: why.

    What came of each question is written to solutions/PS/mutants.json, which the site shows.

    Exit 1 when a mutant or misconception earns all marks with any seed, a wheat does not, or what is listed as right
    is caught or is no mutant.
    """
    from rich.console import Console

    from autograder.mutants.command import examine, show

    found = [show(one, Console()) for one in examine(_course(folder), problem_sets or [], question or None, not unsafe)]
    if any(found):
        raise typer.Exit(1)


def train(
    problem_sets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PS]...", help="Default: all with such a cell.", autocompletion=_problem_sets),
    ] = None,
    folder: CourseFolder = None,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run without a sandbox.")] = False,
) -> None:
    """Run the cells of a solution that have a training budget, and keep the weights in solutions/PS/trained.json.

    Whatever runs the solution afterwards (the answer key, variants, mutants, tests) takes these, and does not train
    again, as long as the cells up to there are the same. What students hand in is always trained.
    """
    from autograder.authoring.training import trained_anew

    for name, label, kept in trained_anew(_course(folder), problem_sets or [], not unsafe):
        print(
            f"{name}, {label}: {kept.accuracy:.2%} of all test images, after {kept.cpu_seconds:.0f} processor seconds."
        )


def set_address(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://github.com/OWNER/NAME, which students open.")],
    site: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the site is published. Default: where GitHub Pages publishes it."),
    ] = None,
) -> None:
    """Give the course another repository: for Colab, Binder, every set-up cell, the site's own addresses, the citation.

    It is the one that students open. Where this clone comes from another, which has the solutions, no file names that.
    Nothing is written when the address is none.
    """
    from autograder.authoring.address import own_address, whose_address
    from autograder.authoring.address import set_address as write_address
    from autograder.course import REPOSITORY
    from gradus.errors import GradusError

    try:
        changed = write_address(REPOSITORY, url, site)
    except GradusError as error:
        print(f"gradus: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{len(changed)} files name {url} now." if changed else f"Every file names {url} already.")
    if meaning := whose_address(url, own_address(REPOSITORY)):
        print(meaning)


def _course(folder: Path | None) -> Course:
    from autograder.course import Course

    return Course(folder) if folder else Course.from_environment()


def _require_writable(as_json: str | None) -> None:
    """Raise a GradusError, before anything is run, where `--json` names a file that cannot be written."""
    from autograder.files.writing import require_writable

    if as_json and as_json != "-":
        require_writable(Path(as_json))


def _tell(report: dict[str, Any], as_json: str | None, show: Callable[[Console], object]) -> None:
    """Write a report where `--json` says, and show it to people in any case, on the stream that is left for them."""
    from rich.console import Console

    from autograder.files.writing import write_result

    try:
        if as_json and as_json != "-":
            write_result(Path(as_json), _as_json(report, "utf-8"))
    finally:
        show(Console(stderr=as_json == "-"))
    if as_json == "-":
        sys.stdout.write(_as_json(report, sys.stdout.encoding).decode())


def _as_json(report: dict[str, Any], encoding: str) -> bytes:
    """JSON for people and programs. Names of files need not be text: what is none is written as a JSON escape."""
    unicode = encoding.lower().replace("-", "") == "utf8"
    return (json.dumps(report, indent=1, ensure_ascii=not unicode) + "\n").encode("utf-8", "backslashreplace")


def _scheduler(address: str | None, ca_file: Path | None, cert: Path | None, key: Path | None) -> Scheduler | None:
    """The scheduler that was asked for; whoever can reach an open one is warned of others who can."""
    from autograder.cluster.scheduler import scheduler_at
    from gradus.errors import GradusError

    if address is None:
        if ca_file or cert or key:
            raise GradusError("certificates are for --scheduler, which is not given.")
        return None
    found = scheduler_at(address, ca_file, cert, key)
    if found.is_open:
        print(
            f"Nothing protects {found.address}: everybody who can reach it reads what was handed in, and runs code on "
            "the workers. Use TLS, or a network that is yours alone.",
            file=sys.stderr,
        )
    return found


def _say_what_can_be_said() -> None:
    """A terminal, or a pipe, that cannot show a name shows a question mark: no class is lost for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
