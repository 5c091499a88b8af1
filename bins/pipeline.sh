#!/usr/bin/env bash
# The cycle as a script, whole or step by step: the one place that says which file goes where.
set -euo pipefail
unset CDPATH

usage() {
  cat <<'TEXT'
Run the cycle on the demo corpus or on your own rows, all results in one directory

Usage: bins/pipeline.sh [OPTIONS] [STEP...]

Steps, in order (all of them when none is named):
  sample    new rows that were not used before             -> new.csv
  validate  clean rows, refused rows                       -> clean.csv rejects.csv validate.json
  score     the champion on the new rows                   -> scored.csv metrics.json
  drift     is it still right? the rows go into the state  -> drift.json
  split     all rows gathered so far, split for good       -> train.csv holdout.csv
  fit       a challenger                                   -> challenger.json
  judge     champion and challenger on the holdout         -> champion-scored.csv challenger-scored.csv
  compare   is the challenger better?                      -> compare.json flips.csv
  promote   the challenger into the registry               -> promote.json
  report    what was decided                               -> decision.json report.md report.html
            and, with --notify, who is told of it
Run as a whole, score and drift happen only where the new rows are valid, split to compare only where drift asks for a
retrain, and promote only where compare asks for it. Two more, for a runner: tools (build them, say where they are) and
outputs (what is decided so far).

Options (each also as an environment variable, SPAMOPS_IN_DATA for --data and so on):
  --data FILE      rows: CSV or JSON Lines          [default: data/messages.csv, the demo corpus]
  --out-dir DIR    where the results go             [default: out]
  --registry DIR   the registry                     [default: OUT/models, for the demo a copy of models/]
  --state DIR      rows and decisions of past runs  [default: OUT/state]
  --contract FILE  what rows must be like           [default: contract.toml beside the rows, where it exists]
  --since DATE     rows before it are history: gathered at the first run, not sampled [demo: 2026-07-01]
  --until DATE     rows from it on have not arrived yet
  --size ROWS      how many new rows to draw        [default: 2000]
  --now TIME       the moment of the run            [default: the clock; demo: 2026-10-01]
  --force BOOL     retrain whatever the signals say [default: false]
  --notify TO      whom to tell what was decided: slack, pagerduty, alertmanager, webhook, or some of them with commas
                   between; see spamops notify --help
  -h, --help       this text

Columns and labels with names of their own go into the table [rows] of spamops.toml, where the tools look for it:
  [rows]
  text-column = "Inhalt"
  label-column = "Klasse"
  positive = "Werbung"

Examples:
  bins/pipeline.sh
  bins/pipeline.sh --data my-messages.csv --out-dir run --registry models --state state
  bins/pipeline.sh --data my-messages.csv --out-dir run drift report     # two steps again, with the options of the run
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
demo=$here/data/messages.csv
data=${SPAMOPS_IN_DATA:-} out=${SPAMOPS_IN_OUT_DIR:-out} registry=${SPAMOPS_IN_REGISTRY:-} state=${SPAMOPS_IN_STATE:-}
contract=${SPAMOPS_IN_CONTRACT:-} since=${SPAMOPS_IN_SINCE:-} until=${SPAMOPS_IN_UNTIL:-} size=${SPAMOPS_IN_SIZE:-2000}
now=${SPAMOPS_IN_NOW:-} force=${SPAMOPS_IN_FORCE:-false} notify=${SPAMOPS_IN_NOTIFY:-}
steps=()

fail() {
  echo "pipeline.sh: $1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --data | --out-dir | --registry | --state | --contract | --since | --until | --size | --now | --force | --notify)
      [ $# -ge 2 ] || fail "$1 wants a value"
      name=${1#--} value=$2
      [ "$name" = out-dir ] && name=out
      printf -v "$name" %s "$value"
      shift 2
      ;;
    tools | sample | validate | score | drift | split | fit | judge | compare | promote | outputs | report)
      steps+=("$1") && shift
      ;;
    *) fail "unknown option or step '$1'; see --help" ;;
  esac
done
case $force in true | false) ;; *) fail "--force is true or false, not '$force'" ;; esac
# A name that begins with a dash is a file all the same.
for name in data out registry state contract; do
  case ${!name} in -*) printf -v "$name" %s "./${!name}" ;; esac
done

if [ -z "$data" ]; then
  # The demo: a corpus that drifts in its last quarter, a champion fitted before, and a clock that stands still.
  data=$demo since=${since:-2026-07-01} now=${now:-2026-10-01}
  if [ -z "$registry" ]; then seed=$here/models; fi
fi
registry=${registry:-$out/models} state=${state:-$out/state}
pending=$state/retrain-pending
if [ -z "$contract" ] && [ -e "$(dirname "$data")/contract.toml" ]; then contract=$(dirname "$data")/contract.toml; fi

# Paths as a person would type them.
short() { case $1 in "$PWD"/*) printf %s "${1#"$PWD"/}" ;; *) printf %s "$1" ;; esac; }
data=$(short "$data") contract=$(short "$contract")

# Prints a command line that can be pasted, and runs it.
run() {
  local line='' word
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=:,@%+-]* | '') line+=" ${word@Q}" ;;
      *) line+=" $word" ;;
    esac
  done
  printf '$%s\n' "$line" >&2
  "$@"
}

# Builds what is missing, and puts the tools on the PATH.
build() {
  tools=${SPAMOPS_TOOLS:-}
  if [ -z "$tools" ]; then
    local target=${CARGO_TARGET_DIR:-$here/target}
    tools=$target/tools
    (cd "$here" && cargo build --quiet --release --locked --bin spamops)
    "$target/release/spamops" link --quiet "$tools"
  fi
  # shellcheck disable=SC2016 # the line is to be pasted: $PATH is for the shell it is pasted into
  printf '$ export PATH=%q:"$PATH"\n' "$tools" >&2
  export PATH=$tools:$PATH
}

# Whether a result says so: says drift retrain_needed true.
says() { [ -e "$out/$1.json" ] && grep -q "^  \"$2\": \"\?$3\"\?,\?$" "$out/$1.json"; }
has_champion() { [ -e "$registry/spam/champion.json" ]; }

at=() # the moment of the run, for the steps that want it
if [ -n "$now" ]; then at=(--now "$now"); fi

# needs FILE STEP: a step by itself goes on from what the run has left so far.
needs() { [ -e "$1" ] || fail "$1: missing; run the step $2 first, with the same options"; }

step_tools() {
  if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "tools=$tools" >>"$GITHUB_OUTPUT"; fi
}

# What one run leaves behind.
results=({new,clean,rejects,scored,to-label,train,pool,holdout,champion-scored,challenger-scored,flips,history,history-clean,history-rejects}.csv
  new.{tsv,jsonl,ndjson} {validate,metrics,drift,challenger,compare,promote,decision,champion}.json report.{md,html})

step_sample() {
  local result own
  mkdir -p "$out"
  # What an earlier run left must not be taken for this one's; what the run is to read must not be taken for a result.
  for result in "${results[@]}"; do
    for own in "$data" "$contract"; do
      if [ "$own" -ef "$out/$result" ]; then fail "$own: would be overwritten; choose another --out-dir"; fi
    done
  done
  for result in "${results[@]}"; do rm -f -- "$out/$result"; done
  if [ -n "${seed:-}" ] && [ ! -e "$registry" ]; then mkdir -p "$registry" && cp -R "$seed/." "$registry"; fi
  [ -e "$data" ] || fail "$data: no such file"
  if [ -n "$since" ] && [ ! -s "$state/rows.jsonl" ]; then
    run sample --until "$since" "$data" -o "$out/history.csv"
    run validate "$out/history.csv" -o "$out/history-clean.csv" --rejects "$out/history-rejects.csv"
    run spamops state gather "$out/history-clean.csv" --state "$state"
  fi
  local window=()
  if [ -n "$since" ]; then window+=(--since "$since"); fi
  if [ -n "$until" ]; then window+=(--until "$until"); fi
  for used in rows refused; do
    if [ -s "$state/$used.jsonl" ]; then window+=(--exclude "$state/$used.jsonl"); fi
  done
  run sample --size "$size" --seed 7 "${window[@]}" "$data" -o "$out/new.$(kind)"
}

# The format of the rows, kept until validate has looked at them: what is no row in one cannot be written in another.
kind() {
  local plain=${data%.gz}
  case ${plain%.zst} in *.jsonl) echo jsonl ;; *.ndjson) echo ndjson ;; *.tsv) echo tsv ;; *) echo csv ;; esac
}

step_validate() {
  needs "$out/new.$(kind)" sample
  run validate ${contract:+--contract "$contract"} "${at[@]}" "$out/new.$(kind)" -o "$out/clean.csv" \
    --rejects "$out/rejects.csv" --report "$out/validate.json"
  run spamops state gather --refused "$out/rejects.csv" --state "$state"
}

step_score() {
  needs "$out/clean.csv" validate
  if ! has_champion; then return; fi
  run spamops registry export --registry "$registry" -o "$out/champion.json"
  run score --model "$out/champion.json" "$out/clean.csv" -o "$out/scored.csv" --metrics "$out/metrics.json"
}

step_drift() {
  needs "$out/clean.csv" validate
  if has_champion; then needs "$out/champion.json" score; fi
  local champion=() forced=()
  if has_champion; then champion=(--model "$out/champion.json" --metrics "$out/metrics.json"); fi
  if [ "$force" = true ] || [ -e "$pending" ]; then forced=(--force); fi
  run drift "${champion[@]}" --state "$state" "${at[@]}" "${forced[@]}" "$out/clean.csv" -o "$out/drift.json"
  run spamops state gather "$out/clean.csv" --state "$state"
  if says drift labels_needed true; then run sample --for-labels 50 "$out/scored.csv" -o "$out/to-label.csv"; fi
  # The rows count as used from here on: a run that dies before its report is made up for by the next.
  if says drift retrain_needed true; then : >"$pending"; fi
}

step_split() {
  needs "$state/rows.jsonl" drift
  run sample --split 0.7 --rest "$out/holdout.csv" "$state/rows.jsonl" -o "$out/pool.csv"
  run sample --against "$out/holdout.csv" "$out/pool.csv" -o "$out/train.csv"
}

step_fit() {
  needs "$out/train.csv" split
  run fit "$out/train.csv" "${at[@]}" ${GITHUB_SHA:+--commit "$GITHUB_SHA"} -o "$out/challenger.json"
}

step_judge() {
  needs "$out/challenger.json" fit
  if has_champion; then run score --model "$out/champion.json" "$out/holdout.csv" -o "$out/champion-scored.csv"; fi
  run score --model "$out/challenger.json" "$out/holdout.csv" -o "$out/challenger-scored.csv"
}

step_compare() {
  needs "$out/challenger-scored.csv" judge
  local champion=()
  if has_champion; then
    champion=("$out/champion-scored.csv" --champion "$out/champion.json" --flips "$out/flips.csv")
  fi
  run compare "${champion[@]}" "$out/challenger-scored.csv" --challenger "$out/challenger.json" -o "$out/compare.json"
}

step_promote() {
  needs "$out/challenger.json" fit
  local why="better on the holdout"
  if ! has_champion; then why="the first"; fi
  local report reports=()
  for report in drift compare; do
    if [ -e "$out/$report.json" ]; then reports+=(--report "$out/$report.json"); fi
  done
  run promote "$out/challenger.json" --registry "$registry" --reason "$why" "${reports[@]}" "${at[@]}" -o "$out/promote.json"
}

# The outputs alone: the summary and the annotations are for the end.
step_outputs() { run spamops report "$out" "${at[@]}" --summary /dev/null --annotate=false; }

step_report() {
  run spamops report "$out" --state "$state" "${at[@]}"
  if [ -n "$notify" ]; then run spamops notify "$out" --to "$notify" --state "$state" "${at[@]}"; fi
  rm -f -- "$pending"
  echo "results: $out"
}

build
if [ ${#steps[@]} -gt 0 ]; then
  for step in "${steps[@]}"; do "step_$step"; done
  exit 0
fi
for step in sample validate; do "step_$step"; done
if says validate verdict valid || { says validate verdict empty && { [ "$force" = true ] || [ -e "$pending" ]; }; }; then
  for step in score drift; do "step_$step"; done
fi
if says drift retrain_needed true; then
  for step in split fit judge compare; do "step_$step"; done
fi
if says compare deploy_needed true; then step_promote; fi
step_report
