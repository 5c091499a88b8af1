#!/usr/bin/env bash
# Builds missing tools, then calls spamops run with the same arguments. It adds --demo if you give neither rows nor a step.
# `pipeline.sh tools` only builds the tools.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

tools=${SPAMOPS_TOOLS:-}
if [ -z "$tools" ]; then
  target=${CARGO_TARGET_DIR:-target}
  case $target in /*) ;; *) target=$here/$target ;; esac
  tools=$target/tools
  # From /, so that rust-toolchain.toml, which is for contributors, selects no other Rust than the installed one.
  (cd / && cargo build --quiet --release --locked --bin spamops --manifest-path "$here/Cargo.toml" --target-dir "$target")
  "$target/release/spamops" link --quiet "$tools"
fi
# shellcheck disable=SC2016 # $PATH is for the shell that you paste the line into
printf '$ export PATH=%q:"$PATH"\n' "$tools" >&2
export PATH=$tools:$PATH

# Tells a runner where the tools are.
if [ "${1:-}" = tools ]; then
  echo "tools=$tools" >>"${GITHUB_OUTPUT:-/dev/stdout}"
  exit
fi

# Rows, steps and help need no --demo.
demo=(--demo)
if [ -n "${SPAMOPS_IN_DATA:-}" ]; then demo=(); fi
before=
for word in "$@"; do
  case $before$word in
    -h | --help | --demo | --data | --data=*) demo=() ;;
    sample | validate | score | drift | watch | split | fit | judge | compare | resume | promote | outputs | report) demo=() ;;
  esac
  # The word after an option is its value, even if it looks like a step.
  case $word in --restart | --dry-run | --quiet | --demo | --*=*) before='' ;; --*) before='value of ' ;; *) before='' ;; esac
done
spamops run "${demo[@]}" "$@"
