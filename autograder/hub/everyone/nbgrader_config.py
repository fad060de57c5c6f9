"""What nbgrader has to know in every server of the hub: which course, which exchange, and who is at work.

It imports nothing of Gradus: students' servers read it, and the grader is not on their disks.
"""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it while it reads this file)
c.CourseDirectory.course_id = os.environ["GRADUS_COURSE_ID"]
c.Exchange.root = os.environ["GRADUS_EXCHANGE"]
if student := os.environ.get("JUPYTERHUB_USER"):  # not set in the course's own server
    c.CourseDirectory.student_id = student
