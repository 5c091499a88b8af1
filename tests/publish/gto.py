#!/usr/bin/env python3
"""The tags that promote makes, read back by the real gto: gto.py TOOLS DATA WORK

Version and alias, history and registry agree after every move: two in one second, an alias of its own, a rollback, and a
move between two that gto itself made.
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


def agree():
    """What gto shows is what the registry holds."""
    shown = json.loads(run(gto, "show", "spam", "--json"))
    seen = {}
    for version in shown:
        for stage in version["stages"]:
            seen[stage["stage"]] = version["version"]
    aliases = [json.loads(path.read_text()) for path in (clone / "models/spam").glob("*.json")]
    held = {alias["alias"]: f"v{alias['version']}.0.0" for alias in aliases}
    assert seen == held, (seen, held)
    return held


def history():
    """Registrations and assignments as gto tells them, oldest first, and their dates."""
    told = json.loads(run(gto, "history", "spam", "--ascending", "--json"))
    dates = [event["timestamp"] for event in told]
    assert sorted(set(dates)) == dates, dates
    return [(event["event"], event["version"], event["stage"]) for event in told]


def journal():
    """The same as the registry's journal has it."""
    lines = (clone / "models/spam/journal.jsonl").read_text().splitlines()
    for entry in map(json.loads, lines):
        version = f"v{entry['version']}.0.0"
        event = "registration" if entry["action"] == "registered" else "assignment"
        yield event, version, entry.get("alias")


shutil.rmtree(work, ignore_errors=True)
clone.mkdir(parents=True)
run("git", "init", "--quiet", "--initial-branch=main")

assert promote(data / "one.json")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#1"]
assert agree() == {"champion": "v1.0.0"}
assert promote(data / "two.json", "--alias", "challenger")["published"]["tags"] == ["spam@v2.0.0", "spam#challenger#2"]
assert agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert promote("--to", "2")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#3"]
assert promote("--to", "2")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#3"]
assert agree() == {"champion": "v2.0.0", "challenger": "v2.0.0"}
assert promote("--rollback", "--reason", "ham in quarantine")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#4"]
assert agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert history() == list(journal()), (history(), list(journal()))
moves = len(history())

# gto counts as promote does, and promote goes on after what gto did at another hour.
run("git", "config", "user.name", "ann")
run("git", "config", "user.email", "ann@example.org")
run(gto, "assign", "spam", "--version", "v2.0.0", "--stage", "champion", "--force")
assert "spam#champion#5" in run("git", "tag", "--list").split()
assert promote("--to", "2", "--reason", "as gto has it")["published"]["tags"] == ["spam@v2.0.0", "spam#champion#5"]
assert promote("--to", "1")["published"]["tags"] == ["spam@v1.0.0", "spam#champion#6"]
assert agree() == {"champion": "v1.0.0", "challenger": "v2.0.0"}
assert len(history()) == moves + 2
print(f"gto: show and history agree with the registry after {moves + 2} events, dates strictly increasing")
