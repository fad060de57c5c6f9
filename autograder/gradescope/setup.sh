#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image for an assignment.
set -euo pipefail
cd /autograder/source
export DEBIAN_FRONTEND=noninteractive
sh tools/system_packages.sh course
python=python3
if ! "$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))'; then
    apt-get update -qq
    for version in 3.13 3.12 3.11; do
        apt-get install -y -qq "python$version" "python$version-venv" && python="python$version" && break
    done
fi
"$python" tools/bootstrap.py
.venv/bin/gradus data
