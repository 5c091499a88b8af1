#!/usr/bin/env python3
"""Runs the cycle on real streams and compares it with a refit at every block: tests/bench/drift/real_streams.py TOOLS [STREAM...]

The streams are SpamAssassin by day and Enron in blocks of 1,000 rows, each class in order of time. `spamops run` gets each
block without labels, and a block later with labels, under the default policy. The champion scores a block before the run
of this block. It prints a table, writes real_streams.json, and fails if a bound is broken.
"""

import argparse
import csv
import datetime
import json
import lzma
import random
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import run  # noqa: E402
import speed  # noqa: E402

FILES = run.FILES / "streams"
DAY = datetime.timedelta(days=1)
DRAWS = 10_000


def rows_of(name):
    with lzma.open(speed.CORPORA / f"{name}.csv.xz", "rt", encoding="utf-8", newline="") as file:
        return [(row["date"], row["label"], row["text"]) for row in csv.DictReader(file)]


def spamassassin():
    """The rows before 2002-07-22, then one block per day of 2002-07-22 to 2002-09-30. Each block has its day."""
    rows = [row for row in rows_of("spamassassin") if "2002-07-01" <= row[0] < "2002-10-01"]
    days = sorted({row[0][:10] for row in rows})
    blocks = [(day, [row for row in rows if row[0][:10] == day]) for day in days]
    first = [row for day, block in blocks if day < "2002-07-22" for row in block]
    return [("2002-07-21", first)] + [block for block in blocks if block[0] >= "2002-07-22"]


def enron():
    """Each class is ordered by date, then both are mixed evenly: the spam is newer than the ham. A block is a day."""
    classes = [sorted(row for row in rows_of("enron") if row[1] == name) for name in ("ham", "spam")]
    paced = sorted((number / len(kind), which, row) for which, kind in enumerate(classes) for number, row in enumerate(kind))
    rows = [row for *_, row in paced]
    blocks = [rows[:6000]] + [rows[start:start + 1000] for start in range(6000, len(rows) - 999, 1000)]
    first = datetime.date(2005, 1, 1)
    days = [str(first + number * DAY) for number in range(len(blocks))]
    return [(day, [(day, label, text) for _, label, text in block]) for day, block in zip(days, blocks)]


def write(path, rows, labelled=True):
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("date", "label", "text")] + [(date, label if labelled else "", text) for date, label, text in rows])
    return path


def call(*argv):
    subprocess.run([str(word) for word in argv], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def verdicts(args, model, block):
    """The verdicts of a model on a block: for each row, whether it is spam."""
    out = FILES / "block-scored.csv"
    call(args.tools / "score", "--quiet", "--model", model, write(FILES / "block.csv", block), "-o", out)
    with open(out, encoding="utf-8", newline="") as file:
        return [row["verdict"] == "spam" for row in csv.DictReader(file)]


def refitted(args, rows, model):
    """Fits a model on the training side of the rows, as the cycle does."""
    train, rest, pool = FILES / "train.csv", FILES / "rest.csv", FILES / "pool.csv"
    call(args.tools / "sample", "--split", "0.7", "--rest", rest, write(FILES / "rows.csv", rows), "-o", pool)
    call(args.tools / "sample", "--against", rest, pool, "-o", train)
    call(args.tools / "fit", "--quiet", train, "-o", model)
    return model


def f1(cells, which):
    """F1 of one of the two models, from the counts by label and by both verdicts."""
    right = sum(count for (label, *verdict), count in cells.items() if label and verdict[which])
    wrong = sum(count for (label, *verdict), count in cells.items() if label != verdict[which])
    return 2 * right / max(2 * right + wrong, 1)


def interval(cells):
    """The 95% interval of the difference of F1, by a paired bootstrap of the rows. A cell count is drawn from its Poisson law."""
    draw = random.Random(7)

    def poisson(mean):
        if mean > 50:
            return max(round(draw.gauss(mean, mean ** 0.5)), 0)
        count, left = -1, mean
        while left >= 0:
            count, left = count + 1, left - draw.expovariate(1)
        return count

    found = sorted(f1(drawn, 0) - f1(drawn, 1) for drawn in ({cell: poisson(count) for cell, count in cells.items()} for _ in range(DRAWS)))
    return found[DRAWS * 25 // 1000], found[DRAWS * 975 // 1000]


def measured(args, name, blocks, labelled):
    """Runs the cycle on the blocks. Without `labelled`, only the first block ever gets labels."""
    directory = FILES / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    champion, refit, data = directory / "champion.json", directory / "refit.json", directory / "data.csv"
    cells, days, known = {}, [], []
    for number, (day, block) in enumerate(blocks):
        now, past = str(datetime.date.fromisoformat(day) + DAY), [row for _, rows in blocks[:number] for row in rows]
        if number > 0:
            own = verdicts(args, champion, block)
            other = verdicts(args, refitted(args, past, refit), block) if labelled else own
            for (_, label, _), one, two in zip(block, own, other):
                cell = (label == "spam", one, two)
                cells[cell] = cells.get(cell, 0) + 1
        with open(write(data, past if labelled else known), "a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((date, label if number == 0 else "", text) for date, label, text in block)
        if number == 0:
            known = block
        elif not labelled:
            known = known + [(date, "", text) for date, _, text in block]
        out = directory / "out"
        call(args.tools / "spamops", "run", "--data", data, "--out-dir", out, "--registry", directory / "models", "--state", directory / "state", "--size", 10**6, "--now", now)
        call(args.tools / "spamops", "registry", "export", "--registry", directory / "models", "-o", champion)
        decision, drift = (json.loads((out / file).read_text()) for file in ("decision.json", "drift.json"))
        fired = [reason["code"] for reason in drift["reasons"] if reason["fired"]]
        says = next((reason["says"] for reason in drift["reasons"] if reason["code"] == "drift"), "")
        days.append({
            "day": day, "rows": len(block), "verdict": drift["verdict"], "retrain": decision["retrain_needed"], "labels": decision["labels_needed"],
            "promoted": decision["promoted_version"], "reason": drift["reason"], "fired": fired, "drift": says,
            "expected": drift["expected"] and drift["expected"]["expected"]["value"],
        })
        if args.verbose:
            print(f"  {day} {len(block):5} {drift['verdict']:18} {drift['reason'] or '-':20} {'retrain' if decision['retrain_needed'] else '':8}{decision['promoted_version'] or ''} {says}", flush=True)
    return cells, days[1:]


def repeats(days):
    """Number of requests for drift although a retrain has answered the drift."""
    return sum(day["retrain"] and "drift" in day["fired"] and "has answered" in day["drift"] for day in days)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=Path)
    parser.add_argument("streams", nargs="*", default=["spamassassin", "enron"])
    parser.add_argument("--verbose", action="store_true", help="print a line per block")
    parser.add_argument("--without-labels", action="store_true", help="also run the streams without labels")
    args = parser.parse_args()
    if not (speed.CORPORA / "enron.csv.xz").exists():
        print(f"skipped: enron and spamassassin are not in {speed.CORPORA}; set SPAMOPS_CORPORA")
        return
    FILES.mkdir(parents=True, exist_ok=True)
    found, broken = {}, []

    def bound(description, is_met):
        if not is_met:
            broken.append(description)

    print("stream         labels  blocks   rows  F1     refit  difference [95%]         drifted  requests  by drift  repeated  promotions")
    for name in args.streams:
        blocks = {"spamassassin": spamassassin, "enron": enron}[name]()
        for labelled in (True, False) if args.without_labels else (True,):
            cells, days = measured(args, name, blocks, labelled)
            low, high = interval(cells)
            requests = [day for day in days if day["retrain"]]
            drift = [day for day in requests if day["reason"] == "drift"]
            promotions = sum(day["promoted"] is not None for day in days)
            drifted = sum(day["verdict"] == "drifted" for day in days)
            span = datetime.date.fromisoformat(days[-1]["day"]) - datetime.date.fromisoformat(days[0]["day"])
            print(
                f"{name:14} {'a day late' if labelled else 'none':>6} {len(days):4} {sum(cells.values()):7}  {f1(cells, 0):.4f} {f1(cells, 1):.4f} {f1(cells, 0) - f1(cells, 1):+.4f} [{low:+.4f}, {high:+.4f}]"
                f" {drifted:8} {len(requests):9} {len(drift):9} {repeats(days):9} {promotions:11}", flush=True)
            found[f"{name}, {'labelled' if labelled else 'unlabelled'}"] = {
                "f1": f1(cells, 0), "refit": f1(cells, 1), "low": low, "high": high, "drifted": drifted, "requests": len(requests),
                "for_drift": len(drift), "repeated": repeats(days), "promotions": promotions, "days": days,
            }
            bound(f"{name}: the interval of pooled F1 against a refit at every block lies above -.005", low > -0.005)
            bound(f"{name}: no request repeats answered drift", repeats(days) == 0)
            bound(f"{name}: the verdict is drifted on at most half of the days", not labelled or 2 * drifted <= len(days))
            bound(f"{name}: at most 2 requests per promotion, and 1 per 14 days", len(requests) <= 2 * promotions + -(-span.days // 14))
    (FILES / "real_streams.json").write_text(json.dumps(found, indent=1) + "\n")
    for description in broken:
        print(f"BROKEN {description}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
