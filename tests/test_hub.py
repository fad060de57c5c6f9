"""A hub for one course: from fetch to feedback in the browser, and nothing is left running when it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.spawner import SimpleLocalProcessSpawner, Spawner
from playwright.sync_api import Browser, Locator, Page, expect
from traitlets.config.loader import PyFileConfigLoader

from autograder.gradebook.gradebook import marks
from autograder.hub.settings import SETTINGS
from autograder.hub.trial import VARIABLE, Trial, stop

pytestmark = pytest.mark.slow("JupyterHub, JupyterLab and Chromium")
WAIT = 60_000  # milliseconds: a server that starts on a busy machine
SHOWN = {"ada": "Score so far: 3.0 / 3.0", "emmy": "0.0 / "}
CONFIGURED = (Authenticator, ConfigurableHTTPProxy, JupyterHub, SharedPasswordAuthenticator, Spawner)
KNOWN = {one.__name__: one for one in (*CONFIGURED, SimpleLocalProcessSpawner)}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    folder = tmp_path_factory.mktemp("hub")
    course, _ = tiny.released_course(folder)
    made = Trial(folder, course)
    assert made.prepare() == [tiny.NAME]
    hub = made.start()
    try:
        made.wait_until_open(hub)
        assert left_running(folder)
        yield made
    finally:
        stop(hub)
    assert not left_running(folder)


def left_running(folder: Path) -> list[str]:
    """The command lines of processes that know that folder from their command or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:  # it has ended
            continue
        if str(folder).encode() in command + environment:
            found.append(command.decode(errors="replace"))
    return found


def log_in(browser: Browser, trial: Trial, name: str, path: str) -> Page:
    """A page of a browser of its own, with that user at that path."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{trial.address}/hub/login?next={path}")
    page.fill("#username_input", name)
    is_teaching = name in trial.instructors
    page.fill("#password_input", trial.passwords.instructors if is_teaching else trial.passwords.students)
    page.click("#login_submit")
    return page


def assignment_list(page: Page, trial: Trial, name: str) -> None:
    """Open nbgrader's Assignment List in a student's JupyterLab."""
    page.goto(f"{trial.address}/user/{name}/lab?reset")
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text="Assignment List").click()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def write_notebook(page: Page, name: str, notebook: dict[str, Any]) -> None:
    """Save a notebook as JupyterLab does, over the one that was fetched."""
    status = page.evaluate(
        """async ([path, content]) => {
            const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
            const body = JSON.stringify({type: "notebook", format: "json", content});
            return (await fetch(path, {method: "PUT", headers: {"X-XSRFToken": token}, body})).status;
        }""",
        [f"/user/{name}/api/contents/tiny/tiny.ipynb", notebook],
    )
    assert status == 200


def press(page: Page, row: str, icon: str, said: str) -> None:
    """Press formgrader's button with that icon in a row, and close the dialog that says how it went."""
    page.locator("tbody tr", has_text=row).locator(f".glyphicon-{icon}").click()
    dialog = page.locator(".modal.in")
    expect(dialog).to_contain_text(said, timeout=WAIT)
    dialog.get_by_role("button", name="OK").click()
    expect(page.locator(".modal")).to_have_count(0)


def test_from_fetch_to_feedback(browser: Browser, trial: Trial) -> None:
    released = json.loads(trial.course.released_notebook(tiny.NAME).read_text())
    students = {name: log_in(browser, trial, name, "/hub/spawn") for name in trial.students}
    for name, page in students.items():
        page.wait_for_url(f"**/user/{name}/lab**")
        assignment_list(page, trial, name)
        button(page, "Fetch").click()
        expect(button(page, "Submit")).to_be_visible()

    ada = students["ada"]
    write_notebook(ada, "ada", tiny.answered(released, **tiny.RIGHT, why="Because."))
    ada.goto(f"{trial.address}/user/ada/lab/tree/tiny/tiny.ipynb")
    ada.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
    expect(ada.locator(".jp-Dialog")).to_contain_text("Your notebook passes all the tests", timeout=WAIT)
    button(ada, "Ok").click()
    assignment_list(ada, trial, "ada")
    for page in students.values():
        button(page, "Submit").click()
        expect(page.locator("#submitted_assignments_list")).to_contain_text("tiny")

    formgrader = f"{trial.address}/services/gradus/formgrader"
    teacher = log_in(browser, trial, "instructor", "/services/gradus/formgrader")
    press(teacher, "tiny", "cloud-download", "Successfully collected")
    teacher.goto(f"{formgrader}/manage_submissions/tiny")
    for name in students:
        press(teacher, name, "flash", "Successfully autograded")
    teacher.goto(formgrader)
    press(teacher, "tiny", "comment", "Successfully generated feedback")
    press(teacher, "tiny", "envelope", "Successfully released feedback")

    for name, page in students.items():
        assignment_list(page, trial, name)
        button(page, "Fetch Feedback").click()
        expect(page.locator("#submitted_assignments_list")).to_contain_text("view feedback", timeout=WAIT)
        home = trial.folder / "homes" / name
        (shown,) = home.glob("tiny/feedback/*/tiny.html")
        page.goto(f"{trial.address}/user/{name}/files/{shown.relative_to(home)}")
        expect(page.locator("body")).to_contain_text(SHOWN[name])
    assert marks(trial.course, tiny.NAME, "ada") == {"test_double": 1, "test_halve": 2, "why": None}


def test_formgrader_is_not_for_students(browser: Browser, trial: Trial) -> None:
    page = log_in(browser, trial, "emmy", "/services/gradus/formgrader")
    expect(page.locator("body")).to_contain_text("403")


@pytest.mark.parametrize("name", ["jupyterhub_config.py", "real_hub_config.py"])
def test_every_option_is_one_that_jupyterhub_has(name: str, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, trial.as_json())
    config = PyFileConfigLoader(str(SETTINGS / name)).load_config()
    assert set(config) <= {*KNOWN, "SystemdSpawner"}  # that one's package is for a real hub to install
    for section in set(config) & set(KNOWN):
        assert set(config[section]) <= set(KNOWN[section].class_trait_names(config=True)), section
