#!/usr/bin/env python3
"""Measures how often Evidently's data-drift preset, with its defaults, raises an alarm on simulated streams.

    tests/bench/drift/evidently.py [--runs 50] [--streams target/release/examples/streams]     writes the rates to evidently.json
    tests/bench/drift/evidently.py --cost 50000                                              measures CPU and memory of a new process

It needs evidently==0.7.23 and pandas<3. The rows have two columns, text and label. Each run has 5,000 reference rows. The preset raises
an alarm if at least half of the columns drifted: one of two. In run R, the reference has seed R, and the new rows have seed 1,000,000 + R.
"""

import argparse
import collections
import io
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [place for place in sys.path if Path(place).resolve() != HERE]  # so that `import evidently` finds the package, not this file
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[2] / "target"))
REFERENCE = 5000
# For each cell: scenario and strength of the reference, scenario and strength of the new rows, number of new rows.
QUIET, REPEATS = ("quiet", 0), ("repeats", 0.3)
CELLS = {
    **{f"quiet, {new}": (QUIET, QUIET, new) for new in (100, 500, 5000)},
    **{f"repeats, {new}": (REPEATS, REPEATS, new) for new in (100, 500, 5000)},
    **{f"quiet then repeats, {new}": (QUIET, REPEATS, new) for new in (100, 500, 5000)},
    "campaign .15, 500": (QUIET, ("campaign", 0.15), 500),
    "campaign .05, 5000": (QUIET, ("campaign", 0.05), 5000),
    "campaign .40, 5000": (QUIET, ("campaign", 0.4), 5000),
    "harmless .30, 5000": (QUIET, ("harmless", 0.3), 5000),
    "graded .50, 5000": (QUIET, ("graded", 0.5), 5000),
}


def rows(streams, scenario, count, seed):
    """Rows of a scenario as CSV."""
    name, strength = scenario
    argv = [streams, "--scenario", name, "--strength", str(strength), "--rows", str(count), "--seed", str(seed)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def drift(reference, new):
    """Whether the data set drifted, and for each column the method, its value and whether the column drifted."""
    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(text_columns=["text"], categorical_columns=["label"])
    new, reference = (Dataset.from_pandas(pandas.read_csv(io.StringIO(part)), definition) for part in (new, reference))
    metrics = Report([DataDriftPreset()]).run(new, reference).dict()["metrics"]
    share, columns = None, {}
    for metric in metrics:
        config, value = metric["config"], metric["value"]
        if config["type"].endswith("DriftedColumnsCount"):
            share = value["share"]
        else:
            p_value = "p_value" in config["method"]
            columns[config["column"]] = (config["method"], value, value < config["threshold"] if p_value else value >= config["threshold"])
    if set(columns) != {"text", "label"} or not columns["text"][0].endswith("text content drift"):
        sys.exit(f"Evidently did not use the text column as text: {columns}")
    if share * 2 != sum(drifted for _, _, drifted in columns.values()):
        sys.exit(f"the share of drifted columns does not match the columns: {share}, {columns}")
    return share >= 0.5, columns


def wilson(hits, runs, z=1.959963984540054):
    """95% interval of Wilson (1927)."""
    middle = (hits + z * z / 2) / (runs + z * z)
    half = z / (runs + z * z) * math.sqrt(hits * (runs - hits) / runs + z * z / 4)
    return max(0, middle - half), min(1, middle + half)


def versions():
    return {"python": platform.python_version(), **{name: version(name) for name in ("evidently", "pandas", "numpy", "scikit-learn", "scipy")}}


def rates(args):
    import numpy

    cells = {}
    print(f"Evidently {version('evidently')}, {REFERENCE} reference rows, {args.runs} runs each")
    print(f"{'new rows':26} {'alarms':>6} {'rate':>6}  {'95% interval':14} {'text':>5} {'label':>5}  methods; seconds a run")
    for name, (before, after, count) in CELLS.items():
        alarms, drifted, methods, start = 0, collections.Counter(), {}, time.monotonic()
        for run in range(args.runs):
            numpy.random.seed(run)  # Evidently splits rows with numpy's generator
            alarm, columns = drift(rows(args.streams, before, REFERENCE, run), rows(args.streams, after, count, 1_000_000 + run))
            alarms += alarm
            for column, (method, _, moved) in columns.items():
                drifted[column] += bool(moved)
                methods[column] = method
        seconds = (time.monotonic() - start) / args.runs
        low, high = wilson(alarms, args.runs)
        cells[name] = {"reference": before, "new": after, "n_ref": REFERENCE, "n_new": count, "runs": args.runs, "alarms": alarms}
        cells[name] |= {"text": drifted["text"], "label": drifted["label"], "methods": methods, "wilson95": [round(low, 4), round(high, 4)]}
        columns = f"{drifted['text']:5} {drifted['label']:5}  {methods['text']}, {methods['label']}; {seconds:.2f}"
        print(f"{name:26} {alarms:6} {alarms / args.runs:6.2f}  [{low:.3f}, {high:.3f}] {columns}", flush=True)
    return {"cells": cells}


def cost(args):
    """CPU seconds and peak memory of a new process that compares two files, and of a process that only imports: medians of three."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        cases = {"imports": []}
        for name, after in (("quiet", QUIET), ("campaign .40", ("campaign", 0.4))):
            cases[f"{name}, {args.cost} v {args.cost}"] = files = [Path(folder, f"{name}.{part}.csv") for part in ("reference", "new")]
            for path, scenario, seed in zip(files, (QUIET, after), (0, 1_000_000)):
                path.write_text(rows(args.streams, scenario, args.cost, seed))
        for name, files in cases.items():
            cpu, wall, peak = (statistics.median(part) for part in zip(*(fresh(files) for _ in range(3))))
            found[name] = {"cpu_s": round(cpu, 2), "wall_s": round(wall, 2), "peak_mb": peak >> 10}
            print(f"{name:32} {cpu:7.2f} CPU s {wall:7.2f} wall s {peak >> 10:5} MB")
    return {"cost": found}


def fresh(files):
    start = time.monotonic()
    child = subprocess.Popen([sys.executable, __file__, "--once", *files], stdout=subprocess.PIPE, text=True)
    peak = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"the run failed with status {child.returncode}")
    # The CPU time of a finished process includes the CPU time of its children.
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, int(peak)


def once(files):
    """Runs once. Prints the peak memory in KB of this process or its largest child."""
    import resource

    import evidently.presets  # noqa: F401
    import pandas  # noqa: F401

    if files:
        drift(*(Path(path).read_text() for path in files))
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    print(max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--streams", type=Path, default=TARGET / "release/examples/streams")
    parser.add_argument("--cost", type=int, metavar="ROWS")
    parser.add_argument("--once", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "evidently.json")
    args = parser.parse_args()
    if args.once is not None:
        return once(args.once)
    found = cost(args) if args.cost else rates(args)
    kept = json.loads(args.output.read_text()) if args.output.exists() else {}
    kept |= {"versions": versions()} | found
    parts = (f'"{part}": {{\n' + ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in kept[part].items()) + "}" for part in kept)
    args.output.write_text("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
