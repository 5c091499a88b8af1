#!/usr/bin/env python3
"""Measures all claims about `drift`: tests/bench/drift/run.py TOOLS --examples DIR [--evidently PYTHON] [--runs 500] [--years 200]

It runs the harness (alarms, harm, loss, once, policies, year), compares the cost with Evidently on the same rows, and reads ten million
rows. It writes results.json and figure.svg next to this file and fails if a bound is broken. evidently.json has Evidently's alarms;
evidently.py writes it.
"""

import argparse
import csv
import html
import json
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import run  # noqa: E402
import speed  # noqa: E402

FILES = run.FILES / "drift"
ROWS = 50_000
CORPORA = speed.CORPORA


def harness(args, mode, count):
    path = FILES / f"{mode}.json"
    if args.resume and path.exists():
        return json.loads(path.read_text())
    print(f"\n## harness {mode}", flush=True)
    subprocess.run([args.examples / "harness", mode, "--runs", str(count), "--json", path], check=True)
    return json.loads(path.read_text())


def stream(args, scenario, strength, rows, seed):
    path = FILES / f"{scenario}-{rows}.csv"
    if not path.exists():
        with open(path.with_suffix(".new"), "wb") as out:
            argv = [args.examples / "streams", "--scenario", scenario, "--strength", str(strength), "--rows", str(rows), "--seed", str(seed)]
            subprocess.run(argv, stdout=out, check=True)
        path.with_suffix(".new").rename(path)
    return path


def cost(args):
    """CPU seconds and MB to compare 50,000 with 50,000 rows, alternating with Evidently, and for ten million rows."""
    print(f"\n## cost, {ROWS} v {ROWS} rows", flush=True)
    before, after = stream(args, "quiet", 0, ROWS, 0), stream(args, "campaign", 0.4, ROWS, 1_000_000)
    two_files = [args.tools / "drift", "--quiet", "--reference", before, after, "-o", "/dev/null"]
    model = FILES / "model.json"
    run.measure([args.tools / "fit", "--quiet", before, "-o", model])
    cases = {"drift, two files": two_files, "drift, a model's profile": [args.tools / "drift", "--quiet", "--model", model, after, "-o", "/dev/null"]}
    if args.evidently:
        cases["Evidently"] = [args.evidently, HERE / "evidently.py", "--once", before, after]
    found = {name: [] for name in cases}
    for _ in range(args.rounds):
        for name, argv in cases.items():
            found[name].append(tuple(tree(argv)) if name == "Evidently" else run.measure(argv, pause=0.001))
    middle = {name: [run.statistics.median(column) for column in zip(*runs)] for name, runs in found.items()}
    for name, (_, cpu, peak) in middle.items():
        print(f"{name:28} {cpu:8.3f} CPU s {peak:7.1f} MB")
    many = stream(args, "quiet", 0, 10_000_000, 0)
    wall, cpu, peak = run.measure([args.tools / "drift", "--quiet", "--reference", before, many, "-o", "/dev/null"])
    print(f"{'drift, 10 million rows':28} {cpu:8.3f} CPU s {peak:7.1f} MB, {1e7 / wall:.0f} rows/s")
    many.unlink()
    profile = FILES / "profile.json"
    run.measure([args.tools / "spamops", "profile", "--quiet", "--model", model, before, "-o", profile])
    print(f"{'a profile of 50,000 rows':28} {profile.stat().st_size / 1e6:8.2f} MB")
    result = {name: {"cpu": cpu, "mb": peak} for name, (_, cpu, peak) in middle.items()}
    result |= {"ten million": {"cpu": cpu, "mb": peak}, "profile": profile.stat().st_size}
    if args.evidently:
        ratio = run.statistics.median(other[1] / own[1] for other, own in zip(found["Evidently"], found["drift, two files"]))
        result["ratio"] = ratio
        print(f"Evidently / drift, CPU: {ratio:.0f}")
    return result


def real(args):
    """Runs drift on real corpora: shuffled rows without drift, and Enron by date, in blocks of 1,000 rows after the first 6,000."""
    print("\n## real corpora", flush=True)
    found = {}
    sms, enron = CORPORA / "sms.csv", speed.corpus()
    if not sms.exists() or enron is None:
        print(f"skipped: sms and enron are not in {CORPORA}; set SPAMOPS_CORPORA")
        return found
    for name, path, fitted, size in (("sms", sms, 3000, 500), ("enron", enron, 5000, 500)):
        with open(path, encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        alarms, runs = 0, 40
        for number in range(runs):
            random.Random(number).shuffle(rows)
            if number % 10 == 0:
                model = fitted_on(args, head, rows[:fitted])
                rest = sorted(rows[fitted:])
            random.Random(number).shuffle(rest)
            alarms += drifted(args, model, head, rest[:size])["verdict"] == "drifted"
        print(f"{name}, shuffled, {fitted} rows fitted, {size} new: {alarms} alarm{'s' * (alarms != 1)} in {runs} runs")
        found[name] = {"alarms": alarms, "runs": runs}
    with open(enron, encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    # The spam is newer than the ham. Each class is ordered by date, then both are mixed evenly.
    date, label = head.index("date"), head.index("label")
    classes = [sorted((row for row in rows if row[label] == name), key=lambda row: row[date]) for name in ("ham", "spam")]
    paced = sorted((number / len(kind), which, row) for which, kind in enumerate(classes) for number, row in enumerate(kind))
    rows = [row for *_, row in paced]
    model = fitted_on(args, head, rows[:6000])
    print("Enron by date: first row, true F1, estimated F1, verdict, retrain")
    pairs = []
    for start in range(6000, len(rows) - 999, 1000):
        report = drifted(args, model, head, rows[start:start + 1000])
        truth = json.loads((FILES / "metrics.json").read_text())["f1"]
        pairs.append((truth, report["expected"]["expected"]["value"]))
        print(f"  {start:5}  {truth:.3f}  {pairs[-1][1]:.3f}  {report['verdict']}  {report['retrain_needed']}")
    rank = lambda values: [sorted(values).index(value) for value in values]  # noqa: E731
    found["by_date"] = run.statistics.correlation(rank([a for a, _ in pairs]), rank([b for _, b in pairs]))
    print(f"rank correlation over {len(pairs)} blocks: {found['by_date']:.3f}")
    return found


def write(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    return path


def fitted_on(args, head, rows):
    model = FILES / "real.json"
    subprocess.run([args.tools / "fit", "--quiet", write(FILES / "fitted.csv", head, rows), "-o", model], check=True)
    return model


def drifted(args, model, head, rows):
    new, out = write(FILES / "new.csv", head, rows), FILES / "drift.json"
    subprocess.run([args.tools / "score", "--quiet", "--model", model, new, "-o", FILES / "scored.csv", "--metrics", FILES / "metrics.json"], check=True)
    subprocess.run([args.tools / "drift", "--quiet", "--model", model, "--min-new-labels", "0", new, "-o", out], check=True)
    return json.loads(out.read_text())


def tree(argv):
    """Like run.measure, but with the peak memory that the process prints, which includes its children."""
    start = run.time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    printed = child.stdout.read()
    _, status, usage = run.os.wait4(child.pid, 0)
    child.returncode = run.os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{argv[1]} failed with status {child.returncode}")
    return run.time.monotonic() - start, usage.ru_utime + usage.ru_stime, int(printed.split()[-1]) / 1024


def bounds(found):
    """For each bound: its description, the value, and whether the bound is met."""
    cells = {(cell["scenario"], cell["new"]): cell["alarms"] for cell in found["alarms"]["cells"]}
    for (name, size), alarms in cells.items():
        if name.startswith(("quiet", "repeats")):
            yield f"alarms without drift, {name}, {size} rows: lower end of 99% <= .05", alarms["low"], alarms["low"] <= 0.05
    for name, size, least in (("campaign 0.15", 500, 0.9), ("campaign 0.05", 5000, 0.8), ("campaign 0.15, a week", 100, 0.9)):
        yield f"detected, {name}, {size} rows >= {least}", cells[name, size]["rate"], cells[name, size]["rate"] >= least
    expected = found["harm"]["spearman"]["expected"]
    yield "rank correlation of estimated with true F1 >= .8", expected, expected >= 0.8
    for cell in found["coverage"]["cells"]:
        name, share = f"{cell['scenario']}, {cell['new']} rows", cell["covered"]["rate"]
        # With shorter messages, a score does not keep its meaning.
        if cell["scenario"].startswith("length"):
            yield f"flagged, {name} >= .99", cell["doubted"], cell["doubted"] >= 0.99
        else:
            yield f"coverage, {name} >= .93", share, share >= 0.93
    for change in found["loss"]["changes"]:
        name, share = change["change"], change["three_days"]["rate"]
        if name in ("graded 0.45", "campaign 0.13", "relabel 0.05, labelled"):
            yield f"retrain, {name}, three days of 1,000 rows >= .8", share, share >= 0.8
        elif name.endswith("performance"):
            yield f"retrain, {name}: <= .05", share, share <= 0.05
    for once in found["once"]:
        yield f"retrains after a single newsletter, {once['rows']} rows a day: lower end of 99% <= .05", once["asked"]["low"], once["asked"]["low"] <= 0.05
    for year in found["year"]:
        yield f"false retrains in a year without drift, {year['rows']} rows a day <= 2", year["false_retrains"], year["false_retrains"] <= 2
    spent = found["cost"]
    yield "MB, 50,000 v 50,000 rows <= 32", spent["drift, two files"]["mb"], spent["drift, two files"]["mb"] <= 32
    yield "MB, 10 million rows <= 32", spent["ten million"]["mb"], spent["ten million"]["mb"] <= 32
    yield "bytes of a profile <= 3,000,000", spent["profile"], spent["profile"] <= 3_000_000
    if "ratio" in spent:
        yield "CPU: Evidently / drift >= 100", spent["ratio"], spent["ratio"] >= 100


def figure(found, peer):
    """Draws two panels: estimated F1 by true F1, and alarms of drift and Evidently."""
    parts = []

    def text(x, y, words, anchor="start", size=12, weight="normal"):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{html.escape(words)}</text>')

    def line(x1, y1, x2, y2, colour="#999", width=1):
        parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>')

    left, top, side, low = 60, 60, 300, 0.7
    place = lambda f1: (f1 - low) / (1 - low) * side  # noqa: E731
    text(left, 30, "F1 estimated without labels, by true F1", size=14, weight="bold")
    for tick in (0.7, 0.8, 0.9, 1.0):
        line(left, top + side - place(tick), left + side, top + side - place(tick), "#ddd")
        text(left - 6, top + side - place(tick) + 4, f"{tick:.1f}", "end", 11)
        text(left + place(tick), top + side + 16, f"{tick:.1f}", "middle", 11)
    line(left, top + side, left + side, top, "#bbb")
    text(left + side / 2, top + side + 34, "true F1 of a block of 3,000 rows", "middle")
    shapes = {"graded": ("#b2182b", "circle"), "campaign": ("#2166ac", "square"), "harmless": ("#1a7f37", "diamond")}
    for name, _, truth, expected in found["harm"]["blocks"]:
        colour, shape = shapes.get(name, ("#777", "cross"))
        x, y = left + place(max(truth, low)), top + side - place(max(expected, low))
        parts.append({
            "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>',
            "square": f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>',
            "diamond": f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="{colour}"/>',
            "cross": f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="1.5" fill="none"/>',
        }[shape])
    for number, (name, mark) in enumerate((("spam that mimics ham", "●"), ("campaigns", "■"), ("harmless new topics", "◆"), ("quiet, obfuscation, newsletter", "×"))):
        colour = [shapes["graded"][0], shapes["campaign"][0], shapes["harmless"][0], "#777"][number]
        parts.append(f'<text x="{left + 10}" y="{top + 16 + 17 * number}" font-size="12" fill="{colour}">{mark} {name}</text>')
    start, wide = 560, 240
    text(start - 130, 30, "Alarms in % of runs: drift and Evidently", size=14, weight="bold")
    cells = {(cell["scenario"], cell["new"]): cell["alarms"] for cell in found["alarms"]["cells"]}
    pairs = [
        ("no drift, 100", ("quiet 0", 100), "quiet, 100"), ("no drift, 500", ("quiet 0", 500), "quiet, 500"),
        ("no drift, 5,000", ("quiet 0", 5000), "quiet, 5000"), ("30% repeats, 100", ("repeats 0.3", 100), "quiet then repeats, 100"),
        ("30% repeats, 500", ("repeats 0.3", 500), "quiet then repeats, 500"), ("30% repeats, 5,000", ("repeats 0.3", 5000), "quiet then repeats, 5000"),
        ("campaign 15%, 500", ("campaign 0.15", 500), "campaign .15, 500"), ("campaign 5%, 5,000", ("campaign 0.05", 5000), "campaign .05, 5000"),
        ("mimicry, 5,000", ("graded 0.5", 5000), "graded .50, 5000"),
    ]
    for number, (name, cell, peer_cell) in enumerate(pairs):
        y = top + 6 + number * 33
        other = peer["cells"][peer_cell]["alarms"] / peer["cells"][peer_cell]["runs"]
        text(start - 8, y + 15, name, "end")
        for offset, share, colour in ((0, cells[cell]["rate"], "#2166ac"), (12, other, "#c9a227")):
            parts.append(f'<rect x="{start}" y="{y + offset}" width="{max(share * wide, 0.5):.1f}" height="10" fill="{colour}"/>')
            text(start + share * wide + 4, y + offset + 9, f"{100 * share:.0f}", size=10)
    text(start, top + side + 16, "blue: drift", size=12)
    text(start + 80, top + side + 16, "yellow: Evidently 0.7.23, 50 runs", size=12)
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 420" font-family="system-ui, sans-serif" fill="#222" role="img" '
        'aria-label="Estimated and true F1; alarms of drift and Evidently"><rect width="860" height="420" fill="#fff"/>\n' + body + "\n</svg>\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=Path)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--evidently", type=Path, help="a Python interpreter with evidently installed")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--resume", action="store_true", help="reuse earlier results of the harness")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    FILES.mkdir(parents=True, exist_ok=True)
    found = {"cost": cost(args), "real": real(args)}
    for mode, count in (("harm", 1), ("coverage", args.runs), ("alarms", args.runs), ("loss", min(args.runs, 200)), ("once", min(args.runs, 200)), ("policies", min(args.runs, 20)), ("year", args.years)):
        found[mode] = harness(args, mode, count)
    (HERE / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (HERE / "figure.svg").write_text(figure(found, json.loads((HERE / "evidently.json").read_text())))
    print("\n## bounds")
    broken = 0
    for description, value, is_met in bounds(found):
        broken += not is_met
        print(f"  {'ok    ' if is_met else 'BROKEN'} {description}: {value:.4g}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
