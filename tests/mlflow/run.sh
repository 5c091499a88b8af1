#!/usr/bin/env bash
# Tests `track` with a real MLflow server: the files of the cycle, killed servers and clients, passwords, and Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/mlflow
if [ ! -x "$venv/bin/mlflow" ] || ! cmp -s tests/mlflow/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/mlflow/requirements.txt
  cp tests/mlflow/requirements.txt "$venv/requirements.txt"
fi
tools=${SPAMOPS_TOOLS:-${CARGO_TARGET_DIR:-target}/tools}
if [ ! -e target/cycle/promote.json ]; then bins/pipeline.sh --out-dir target/cycle; fi
exec "$venv/bin/python" tests/mlflow/run.py "$tools" target/cycle
