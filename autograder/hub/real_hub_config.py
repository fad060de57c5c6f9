"""Where the hub of a class begins: copy this to /etc/jupyterhub, and change what is said in capitals.

Unlike the hub for trying, each student has an account of the system. What keeps the class from the course, and its
members from each other:

- The account GRADER owns this repository, with the solutions, and the course folder, and nobody else may open either:
  `chmod 700`. The sandbox of the grader needs what `gradus doctor` names.
- Students' servers are those of STUDENTS, an environment with the students' repository (`make student`), nbgrader and
  JupyterLab; the grader is not in it.
- SETTINGS is a copy of the folders `everyone` and `students` that lie beside this file. All may read it, and root alone
  may write it.
- EXCHANGE is GRADER's, with `chmod 1777`: everybody may enter, and remove nothing of others. nbgrader makes the course
  in it so that submissions can be put in and not be listed, and a page be read by who knows its name.
- A submission says itself whose it is. nbgrader compares that with the owner of its files, and only warns: read what
  it says when it collects. In containers in which all have one uid there is nothing to compare.

A real hub also has Node's proxy (`npm install -g configurable-http-proxy`) in the place of Python's, and copies, each
night, of the course folder and of /srv/jupyterhub.
"""

from pathlib import Path

from autograder.course import Course
from autograder.hub.settings import CourseHub, configure

GRADER = "grader"
COURSE = Path("/srv/gradus/course")
EXCHANGE = Path("/srv/nbgrader/exchange")
SETTINGS = Path("/etc/jupyterhub/gradus")
STUDENTS = Path("/opt/gradus-students/bin")
TEACHERS = ["teacher"]
CLASS = ["student1", "student2"]

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (JupyterHub provides it while it reads this file)
configure(c, CourseHub(Course(COURSE), EXCHANGE, TEACHERS, CLASS, port=9999, settings=SETTINGS, account=GRADER))

# HTTPS, here or in a web server in front of the hub. Without it passwords and cookies travel in the clear.
c.JupyterHub.bind_url = "https://:443"
c.JupyterHub.ssl_cert = "/etc/letsencrypt/live/HUB.EXAMPLE.ORG/fullchain.pem"
c.JupyterHub.ssl_key = "/etc/letsencrypt/live/HUB.EXAMPLE.ORG/privkey.pem"
c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/srv/jupyterhub/cookie_secret"

# Who somebody is: accounts of this machine, or the university's log-in, with oauthenticator or ldapauthenticator.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allowed_users = {*CLASS, *TEACHERS}

# Where servers run. systemdspawner gives each student limits. DockerSpawner and KubeSpawner do too, where EXCHANGE is
# mounted into every container and each student has a uid of their own.
c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.SystemdSpawner.mem_limit = "2G"
c.SystemdSpawner.cpu_limit = 1.0
c.SystemdSpawner.isolate_tmp = True
c.Spawner.cmd = [str(STUDENTS / "jupyterhub-singleuser")]
