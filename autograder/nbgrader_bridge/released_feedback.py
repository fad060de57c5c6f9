"""Feedback on its way to students: nbgrader's `release_feedback`, for pages that `gradus grade` wrote too.

nbgrader names a page in the exchange after the secret that came with the submission, and looks for it beside the page,
where its own `generate_feedback` copies it. One page without it would end the release for the whole class.
"""

from __future__ import annotations

import glob
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeReleaseFeedback

from autograder.files.writing import write_whole
from autograder.submissions.timestamps import TIMESTAMP, small_plain_file, timestamp_in

SECRET = "submission_secret.txt"


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases the pages of all whose submission came through the exchange, and says who is left out, and why."""

    def copy_files(self) -> None:
        left_out = {}
        for folder in map(Path, self._folders()):
            student = folder.parent.name
            if why := self._why_not(student, folder):
                left_out[student] = why
        for student, why in sorted(left_out.items()):
            self.log.warning("No feedback was released to %s: %s", student, why)
        excluded = self.coursedir.student_id_exclude
        self.coursedir.student_id_exclude = ",".join(filter(None, [excluded, *left_out]))
        try:
            super().copy_files()
        finally:
            self.coursedir.student_id_exclude = excluded

    def _folders(self) -> list[str]:
        """The folders of pages, `feedback/<student>/<problem set>`."""
        return [folder for folder in glob.glob(self.src_path) if Path(folder).is_dir()]  # noqa: PTH207

    def _why_not(self, student: str, folder: Path) -> str:
        """Put time and secret of the graded submission beside its page; a sentence where that cannot be, else ""."""
        name = self.coursedir.assignment_id
        submitted = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, name))
        handed_in = timestamp_in(submitted)
        try:
            secret = _secret_in(submitted / SECRET)
        except (OSError, ValueError):
            return f"{submitted / SECRET} cannot be read; what did not come through the exchange has none."
        if handed_in.time is None:
            return f"{submitted / TIMESTAMP} has no time."
        if handed_in.when != self._graded(student):
            return f"another submission has been collected since; grade {name} first."
        write_whole(folder / TIMESTAMP, handed_in.content)
        write_whole(folder / SECRET, secret)
        return ""

    def _graded(self, student: str) -> object:
        """When the submission was handed in that has the marks of the gradebook."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                return gradebook.find_submission(self.coursedir.assignment_id, student).timestamp
            except MissingEntry:
                return None


def _secret_in(path: Path) -> bytes:
    """The content of a small text file that a student may have made.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no small plain file of UTF-8, or empty.
    """
    content = small_plain_file(path)
    if not content.decode().strip():
        raise ValueError(f"{path} is empty")
    return content
