#!/usr/bin/env bash
# Tests the action with a real runner: `uses: ./` on the demo corpus with a dependent job, and the workflow of `spamops init`.
set -euo pipefail
cd "$(dirname "$0")/../.."
act=$(command -v act) || { echo "tests/action/run.sh: act is not on the PATH; run tests/run.sh, which installs it" >&2; exit 2; }
target=${CARGO_TARGET_DIR:-$PWD/target}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

# snapshot DIR OWNER/NAME: copies the files that git would commit to a new repository in DIR.
snapshot() {
  mkdir -p "$1"
  git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from - --ignore-failed-read \
    2>/dev/null | tar --extract --directory "$1"
  commit "$1" "$2"
}

# commit DIR OWNER/NAME: commits all of DIR to a new repository with that remote.
commit() {
  git -C "$1" init --quiet --initial-branch main
  git -C "$1" remote add origin "https://github.com/$2"
  git -C "$1" add --all
  git -C "$1" -c user.name=t -c user.email=t@example.invalid -c commit.gpgsign=false commit --quiet --message snapshot
  git clone --quiet --bare "$1" "$1.git"
}

# runner DIR EVENT [OPTION...]: runs DIR's workflow on EVENT and prints its results. The steps use DIR.git instead of
# github.com. The steps get a clean environment, because act would pass on the caller's environment.
runner() {
  local dir=$1 event=$2 slug
  shift 2
  slug=$(git -C "$dir" remote get-url origin)
  rm -rf "${work:?}/home" && mkdir -p "$work/home" && : >"$work/empty"
  (
    cd "$dir"
    env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work" LANG=C.UTF-8 NO_COLOR=1 GIT_PAGER=cat GIT_TERMINAL_PROMPT=0 \
      GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.$dir.git.insteadOf" GIT_CONFIG_VALUE_0="$slug" \
      CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" CARGO_TARGET_DIR="$target" \
      ${TOOLS:+SPAMOPS_TOOLS="$TOOLS"} \
      timeout 900 "$act" "$event" --json --verbose --no-cache-server --no-skip-checkout -P ubuntu-latest=-self-hosted \
      --env-file "$work/empty" --secret-file "$work/empty" --var-file "$work/empty" --input-file "$work/empty" \
      -s GITHUB_TOKEN=not-a-token --local-repository "actions/checkout@$checkout=$stub" \
      --local-repository "actions/checkout@v6=$stub" --local-repository "org/spamops@v1=$work/spamops" "$@" </dev/null 2>"$work/stderr"
  ) >"$work/json" || echo "act: exit status $?"
  python3 tests/action/facts.py <"$work/json"
}

# expect NAME FACTS LINE...: fails unless FACTS contains each LINE. With a leading !, FACTS must not contain it.
expect() {
  local name=$1 facts=$2 line
  shift 2
  for line in "$@"; do
    case $line in
      '!'*) if ! grep -qxF -- "${line#!}" <<<"$facts"; then continue; fi ;;
      *) if grep -qxF -- "$line" <<<"$facts"; then continue; fi ;;
    esac
    printf '%s\n' "$facts" | tail -n 60 >&2
    tail -n 5 "$work/stderr" >&2
    echo "tests/action/run.sh: $name: expected: $line" >&2
    exit 1
  done
  echo "action: $name: ok"
}

checkout=$(grep -rhoE 'actions/checkout@[0-9a-f]+' .github | sort -u | sed 's|.*@||')
stub=$PWD/tests/action/checkout
snapshot "$work/spamops" org/spamops

facts=$(runner "$work/spamops" push -W .github/workflows/cycle.yml)
expect "uses: ./ builds the tools, detects drift and promotes" "$facts" \
  'output cycle spamops retrain_needed=true' 'output cycle spamops deploy_needed=true' \
  'step cycle spamops/promote success' 'job cycle success' 'job deploy success' 'job keep skipped'

TOOLS=$target/tools
facts=$(runner "$work/spamops" workflow_dispatch -W .github/workflows/cycle.yml --input since=2026-04-01 --input until=2026-07-01)
expect "without drift the champion stays" "$facts" \
  'output cycle spamops retrain_needed=false' 'output cycle spamops deploy_needed=false' \
  '!step cycle spamops/fit success' 'job cycle success' 'job deploy skipped' 'job keep success'

# A new repository that follows the next steps of `spamops init`.
mkdir "$work/filter"
next=$(cd "$work/filter" && "$TOOLS/spamops" init)
grep -q 'Put your messages in data/messages.csv' <<<"$next"
cp data/messages.csv "$work/filter/data/messages.csv"
(cd "$work/filter" && eval "$TOOLS/$(sed -n 's/.*Check them: *//p' <<<"$next")")
zizmor --offline --strict-collection --persona=auditor --no-progress --quiet "$work/filter"
commit "$work/filter" me/filter
facts=$(runner "$work/filter" schedule)
expect "the workflow of spamops init fits and commits a first model" "$facts" \
  'output cycle spamops retrain_needed=true' 'output cycle spamops deploy_needed=true' 'job cycle success' 'job deploy success'
git -C "$work/filter.git" show main:models/spam/champion.json | grep -q '"version": 1'

git -C "$work/filter" pull --quiet "$work/filter.git" main
facts=$(runner "$work/filter" schedule)
expect "the next run has nothing to do" "$facts" \
  'output cycle spamops retrain_needed=false' 'output cycle spamops deploy_needed=false' 'job cycle success' 'job deploy skipped'

# The workflow of README, on two days.
mkdir -p "$work/short/.github/workflows" "$work/short/data"
cp data/messages.csv "$work/short/data/"
# shellcheck disable=SC2016
sed -n '/^```yaml$/,/^```$/{//!p}' README.md >"$work/short/.github/workflows/spamops.yml"
cat >"$work/short/deploy.sh" <<'END'
#!/bin/sh
cat "$1/spam/champion.json"
END
chmod +x "$work/short/deploy.sh"
commit "$work/short" me/short
facts=$(runner "$work/short" schedule)
expect "the workflow of README fits, commits and deploys a first model" "$facts" \
  'output cycle spamops deploy_needed=true' 'said cycle 3   "version": 1,' 'job cycle success'
git -C "$work/short.git" log -1 --format=%s main | grep -q '^spamops: Version 1 is now the champion'
git -C "$work/short" pull --quiet "$work/short.git" main
facts=$(runner "$work/short" schedule)
expect "the workflow of README has nothing to do on the next day" "$facts" \
  'output cycle spamops deploy_needed=false' '!said cycle 3   "version": 1,' 'job cycle success'

# The workflow of README, with too few rows for a first model.
git clone --quiet "$work/short.git" "$work/few"
rm -rf "$work/few/models" "$work/few/state"
head -60 data/messages.csv >"$work/few/data/messages.csv"
rm -rf "$work/few/.git"
commit "$work/few" me/few
facts=$(runner "$work/few" schedule)
expect "the workflow of README keeps the state if no model is good enough" "$facts" \
  'output cycle spamops retrain_needed=true' 'output cycle spamops deploy_needed=false' 'job cycle success'
git -C "$work/few.git" cat-file -e main:state/rows.jsonl
