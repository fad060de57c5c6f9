"""A hub for trying, on this machine alone: `python -m autograder.hub` (`make hub`) starts it and says who may log in.

Everybody's server runs under one account, so nothing keeps users from each other's files: it is for people who trust
each other. `real_hub_config.py` says what a class needs instead.
"""

import json
import os

from autograder.hub.settings import configure, if_root, program
from autograder.hub.trial import VARIABLE, Trial

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (JupyterHub provides it while it reads this file)
trial = Trial.from_json(json.loads(os.environ[VARIABLE]))
configure(c, trial.course_hub)

c.JupyterHub.bind_url = trial.address
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{trial.ports.hub}"
c.JupyterHub.db_url = "sqlite://"  # in memory: what a trial leaves are the folders of its users and course
c.JupyterHub.cookie_secret_file = str(trial.folder / "cookie_secret")
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.command = [str(program("configurable-http-proxy"))]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{trial.ports.proxy}"
c.ConfigurableHTTPProxy.pid_file = str(trial.folder / "proxy.pid")

c.JupyterHub.authenticator_class = "shared-password"
c.Authenticator.allowed_users = {*trial.students, *trial.instructors}
c.Authenticator.admin_users = set(trial.instructors)
c.SharedPasswordAuthenticator.user_password = trial.passwords.students
c.SharedPasswordAuthenticator.admin_password = trial.passwords.instructors

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(trial.folder / "homes" / "{username}")
c.Spawner.cmd = [str(program("jupyterhub-singleuser"))]
c.Spawner.args = if_root()
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
