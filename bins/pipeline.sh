#!/usr/bin/env bash
# Builds missing tools, then calls spamops run with the same arguments; without rows and STEP it adds --demo. `pipeline.sh tools` only builds them.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

tools=${SPAMOPS_TOOLS:-}
if [ -z "$tools" ]; then
  target=${CARGO_TARGET_DIR:-$here/target}
  tools=$target/tools
  (cd "$here" && cargo build --quiet --release --locked --bin spamops)
  "$target/release/spamops" link --quiet "$tools"
fi
# shellcheck disable=SC2016 # the line is to be pasted: $PATH is for the shell it is pasted into
printf '$ export PATH=%q:"$PATH"\n' "$tools" >&2
export PATH=$tools:$PATH

# For a runner: say where the tools are.
if [ "${1:-}" = tools ]; then
  echo "tools=$tools" >>"${GITHUB_OUTPUT:-/dev/stdout}"
  exit
fi

# Skip --demo if you name rows or steps.
demo=(--demo)
if [ -n "${SPAMOPS_IN_DATA:-}" ]; then demo=(); fi
before=
for word in "$@"; do
  case $before$word in
    -h | --help | --demo | --data | --data=*) demo=() ;;
    sample | validate | score | drift | split | fit | judge | compare | promote | outputs | report) demo=() ;;
  esac
  # What follows an option is its value, whatever it looks like.
  case $word in --restart | --dry-run | --quiet | --demo | --*=*) before='' ;; --*) before='value of ' ;; *) before='' ;; esac
done
spamops run "${demo[@]}" "$@"
