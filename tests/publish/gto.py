#!/usr/bin/env python3
"""Tests that the real gto reads the tags that promote writes: gto.py TOOLS DATA WORK

After every move, gto's versions, stages and history must match the registry. The moves include two moves in one second, a
second alias, a rollback, and moves before and after a move by gto.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

tools, data, work = (pathlib.Path(path).resolve() for path in sys.argv[1:])
gto = pathlib.Path(sys.executable).with_name("gto")
environment = {"PATH": os.environ["PATH"], "HOME": str(work), "SOURCE_DATE_EPOCH": "1790812800", "USER": "tester"}
clone = work / "clone"


def run(*words):
    return subprocess.run(words, cwd=clone, env=environment, check=True, capture_output=True, text=True).stdout


def promote(*words):
    return json.loads(run(tools / "promote", *words, "--commit", "--tag"))


def aliases_that_agree():
    """Asserts that gto and the registry have the same aliases, and returns them."""
    shown = json.loads(run(gto, "show", "spam", "--json"))
    stages = {}
    for version in shown:
        for stage in version["stages"]:
            stages[stage["stage"]] = version["version"]
    aliases = [json.loads(path.read_text()) for path in (clone / "models/spam").glob("*.json")]
    expected = {alias["alias"]: f"v{alias['version']}.0.0" for alias in aliases}
    assert stages == expected, (stages, expected)
    return expected


def history():
    """Registrations and assignments in gto's history, oldest first. Asserts that their dates increase strictly."""
    events = json.loads(run(gto, "history", "spam", "--ascending", "--json"))
    dates = [event["timestamp"] for event in events]
    assert sorted(set(dates)) == dates, dates
    return [(event["event"], event["version"], event["stage"]) for event in events]


def journal():
    """Registrations and assignments in the registry's journal, oldest first."""
    lines = (clone / "models/spam/journal.jsonl").read_text().splitlines()
    for entry in map(json.loads, lines):
        version = f"v{entry['version']}.0.0"
        event = "registration" if entry["action"] == "registered" else "assignment"
        yield event, version, entry.get("alias")


shutil.rmtree(work, ignore_errors=True)
clone.mkdir(parents=True)
run("git", "init", "--quiet", "--initial-branch=main")

assert promote(data / "one.json")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#1"]
assert aliases_that_agree() == {"champion": "v1.0.0"}
assert promote(data / "two.json", "--alias", "challenger")["published"]["tags"] == ["spam@v2.0.0", "spam#challenger#2"]
assert aliases_that_agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert promote("--to", "2")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#3"]
assert promote("--to", "2")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#3"]
assert aliases_that_agree() == {"champion": "v2.0.0", "challenger": "v2.0.0"}
assert promote("--rollback", "--reason", "ham in quarantine")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#4"]
assert aliases_that_agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert history() == list(journal()), (history(), list(journal()))
moves = len(history())

# gto numbers tags as promote does, and promote continues after a tag that gto made with a later date.
run("git", "config", "user.name", "ann")
run("git", "config", "user.email", "ann@example.org")
run(gto, "assign", "spam", "--version", "v2.0.0", "--stage", "champion", "--force")
assert "spam#champion#5" in run("git", "tag", "--list").split()
# The rollback holds the champion.
assert promote("--to", "2", "--resume", "--reason", "assigned by gto")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#5"]
assert promote("--to", "1")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#6"]
assert aliases_that_agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert len(history()) == moves + 2
print(f"gto: show and history agree with the registry after {moves + 2} events, dates strictly increasing")
