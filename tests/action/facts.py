"""Reads act's JSON lines from stdin and prints one line for each result that tests check."""

import json
import sys

for line in sys.stdin:
    try:
        event = json.loads(line)
    except ValueError:
        continue
    job, step = event.get("jobID", "-"), "/".join(event.get("stepID", []))
    if "jobResult" in event:
        print("job", job, event["jobResult"])
    elif event.get("command") == "set-output":
        print("output", job, step, f"{event['name']}={event['arg']}")
    elif event.get("command") in ("error", "warning", "notice"):
        print(event["command"], job, step, event["arg"])
    elif event.get("command") == "summary":
        print("summary", job, step, json.dumps(event["content"]))
    elif event.get("stage") == "Main" and "stepResult" in event:
        print("step", job, step, event["stepResult"])
    elif event.get("raw_output"):
        print("said", job, step, event["msg"].rstrip())
