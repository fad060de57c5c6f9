"""A JupyterHub for one course: nbgrader's exchange for the class, formgrader for those who teach it.

`python -m autograder.hub` starts one for trying on this machine; `real_hub_config.py` is where a real one begins.
"""
