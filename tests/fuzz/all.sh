#!/usr/bin/env bash
# Fuzzes every target, two at a time: tests/fuzz/all.sh SECONDS.
set -euo pipefail
cd "$(dirname "$0")"
[ $# = 1 ] || { echo "tests/fuzz/all.sh: the number of seconds is missing; run tests/fuzz/all.sh SECONDS" >&2; exit 2; }
basename -s .rs -a targets/*.rs | xargs -P 2 -I {} ./run.sh {} "$1"
