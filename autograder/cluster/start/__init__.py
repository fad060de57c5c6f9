"""What starts a scheduler and workers where machines are shared: `slurm.py` to run, `kubernetes.yaml` to apply."""
