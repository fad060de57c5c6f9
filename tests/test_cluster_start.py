"""The files that start a cluster elsewhere: what can be held of them without Slurm and without Kubernetes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.cluster.scheduler import PRELOAD

START = Path(__file__).resolve().parent.parent / "autograder" / "cluster" / "start"


@pytest.mark.slow("a program")
@pytest.mark.parametrize("encrypted", [False, True])
def test_slurms_job_is_a_script_that_starts_our_worker(encrypted: bool, tmp_path: Path) -> None:
    options = ["--cores", "4", "--memory", "12GB", "--hours", "1.5", "--queue", "short", "--pretend"]
    if encrypted:
        from test_cluster import certificates

        for option, file in zip(
            ("--tls-ca-file", "--tls-cert", "--tls-key"), certificates(tmp_path / "tls"), strict=True
        ):
            options += [option, str(file)]
    program = [sys.executable, "-m", "autograder.cluster.start.slurm", *options]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=START.parents[2])
    assert done.returncode == 0, done.stderr
    assert subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=False).returncode == 0
    for part in ("#SBATCH -p short", "#SBATCH --cpus-per-task=4", "#SBATCH -t 01:30:00", f"--preload {PRELOAD}"):
        assert part in done.stdout
    assert f"{sys.executable} -m distributed.cli.dask_worker {'tls' if encrypted else 'tcp'}://" in done.stdout
    assert ("--tls-key" in done.stdout) is encrypted


def parts() -> dict[tuple[str, str], dict[str, Any]]:
    found = yaml.safe_load_all((START / "kubernetes.yaml").read_text(encoding="utf-8"))
    return {(part["kind"], part["metadata"]["name"]): part for part in found}


def test_kubernetes_parts_find_each_other() -> None:
    service = parts()["Service", "gradus-scheduler"]["spec"]
    scheduler, worker = (parts()["Deployment", f"gradus-{role}"]["spec"] for role in ("scheduler", "worker"))
    for deployment in (scheduler, worker):
        assert deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"]
    assert service["selector"] == scheduler["template"]["metadata"]["labels"]
    assert service["selector"] != worker["template"]["metadata"]["labels"]
    (port,) = scheduler["template"]["spec"]["containers"][0]["ports"]
    assert service["ports"][0]["targetPort"] == port["name"]
    assert f"tls://gradus-scheduler:{service['ports'][0]['port']}" in words(worker)
    assert str(port["containerPort"]) in words(scheduler)


def words(deployment: dict[str, Any]) -> list[str]:
    (container,) = deployment["template"]["spec"]["containers"]
    return [*container["command"], *container["args"]]


@pytest.mark.parametrize("role", ["scheduler", "worker"])
def test_kubernetes_has_certificates_and_no_rights(role: str) -> None:
    deployment = parts()["Deployment", f"gradus-{role}"]["spec"]
    spec = deployment["template"]["spec"]
    (container,) = spec["containers"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert {volume["name"] for volume in spec["volumes"]} == set(mounted)
    for option, file in (("--tls-ca-file", "ca.pem"), ("--tls-cert", "cert.pem"), ("--tls-key", "key.pem")):
        assert words(deployment)[words(deployment).index(option) + 1] == f"{mounted['tls']}/{file}"
    rights = container["securityContext"]
    assert rights["runAsNonRoot"] is True
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["allowPrivilegeEscalation"] is False
    assert "privileged" not in rights
    assert spec["automountServiceAccountToken"] is False


def test_kubernetes_workers_are_ours_and_may_make_namespaces() -> None:
    worker = parts()["Deployment", "gradus-worker"]["spec"]
    assert words(worker)[words(worker).index("--preload") + 1] == PRELOAD
    spec = worker["template"]["spec"]
    rights = spec["containers"][0]["securityContext"]
    assert (spec["hostUsers"], rights["procMount"]) == (False, "Unmasked")
    assert rights["seccompProfile"] == rights["appArmorProfile"] == {"type": "Unconfined"}
