#!/usr/bin/env bash
# Fuzzes one target on stable Rust: tests/fuzz/run.sh TARGET SECONDS. With cargo-fuzz: cargo fuzz run --fuzz-dir tests/fuzz TARGET.
# Set FUZZ_SEED to make a run repeatable. Inputs that reach new code are kept in tests/fuzz/corpus. A failing input is kept in
# tests/fuzz/artifacts, and the status is 1.
set -euo pipefail
cd "$(dirname "$0")"
[ $# = 2 ] || { echo "tests/fuzz/run.sh: expected TARGET SECONDS; the targets are $(basename -s .rs -a targets/*.rs | xargs)" >&2; exit 2; }
target=$1 seconds=$2

# The compiler passes that cargo-fuzz uses, without the sanitizers, which need nightly Rust.
host=$(rustc --version --verbose | sed -n 's/^host: //p')
sancov=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Dwarnings)
built=$(cd ../.. && realpath -m "${CARGO_TARGET_DIR:-target}")/fuzz
# With --target, build scripts are not instrumented.
RUSTFLAGS="${sancov[*]}" cargo build --quiet --locked --release --target "$host" --target-dir "$built" --bin "$target"

mkdir -p "corpus/$target" "artifacts/$target"
scratch=$(mktemp -d --tmpdir="$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$scratch"' EXIT
words=(); [ -f "words/$target" ] && words=(-dict="words/$target")
status=0
TMPDIR=$scratch "$built/$host/release/$target" "corpus/$target" "seeds/$target" "${words[@]}" -artifact_prefix="artifacts/$target/" \
  ${FUZZ_SEED:+-seed="$FUZZ_SEED"} \
  -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 > "$scratch/log" 2>&1 || status=$?
if [ "$status" != 0 ]; then
  tail -n 60 "$scratch/log" >&2
  echo "tests/fuzz/run.sh: $target failed on the input named above; inspect it with xxd, reduce it with -minimize_crash=1" >&2
  exit 1
fi
awk -v target="$target" '
  $1 ~ /^#[0-9]+$/ { for (i = 2; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
  $1 == "stat::number_of_executed_units:" { runs = $2 } $1 == "stat::peak_rss_mb:" { rss = $2 }
  END { printf "%s: %d executions, %d edges, peak rss %d MB, no failure\n", target, runs, cov, rss }' "$scratch/log"
