"""The execute stage on other machines: jobs go to the workers of a Dask cluster, and executions come back.

What is asked, what it earns and what is kept stays here. A worker gets a job, limits and names of modules, all plain
values, and has a warm process and sandboxes of its own.
"""
