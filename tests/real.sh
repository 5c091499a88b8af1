#!/usr/bin/env bash
# The heavy tests, each by its name; without one, lists them. What each last gave is stated in tests/bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
  bench-sample) # `sample` on ten million rows: speed beside a bare read of the file, and memory
    exec tests/bench/run.py sample ;;
  quality) # F1, AUC and recall beside scikit-learn on real corpora, the same folds
    peers=target/peers
    [ -x "$peers/bin/python" ] || python3 -m venv "$peers"
    "$peers/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1
    cargo build --quiet --release --locked --bin spamops
    target/release/spamops link --quiet target/tools
    exec "$peers/bin/python" tests/bench/quality.py target/tools "${SEEDS:-5}" ;;
  fuzz-10min) # every fuzz target for ten minutes, two at a time
    exec tests/fuzz/all.sh 600 ;;
  "")
    sed -n 's/^  \([a-z0-9-]*\)) # /\1: /p' "$0" ;;
  *)
    echo "tests/real.sh: no part is named '$1'; without a name it lists them" >&2
    exit 2 ;;
esac
