#!/usr/bin/env bash
# The heavy tests, each by its name; without one, lists them. What each last gave is stated in tests/bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
  bench-sample) # `sample` on ten million rows: speed beside a bare read of the file, and memory
    exec tests/bench/run.py sample ;;
  fuzz-10min) # every fuzz target for ten minutes, two at a time
    exec tests/fuzz/all.sh 600 ;;
  "")
    sed -n 's/^  \([a-z0-9-]*\)) # /\1: /p' "$0" ;;
  *)
    echo "tests/real.sh: no part is named '$1'; without a name it lists them" >&2
    exit 2 ;;
esac
