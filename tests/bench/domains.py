#!/usr/bin/env python3
"""Measures estimated F1 and `score --prior auto` on pairs of domains: tests/bench/domains.py TOOLS [--nannyml PYTHON-PATH]

A model is fitted on one domain, and its F1 on another domain is estimated without labels and compared with the true F1. The pairs come
from SMS, Enron, SpamAssassin and the demo corpus: each onto the others, mixtures, months, languages, channels, lengths, other class
balances, and random parts of one corpus. NannyML gets the same scores: its own calibrator decides whether to calibrate, and F1 is the
ratio of sums of its documentation. The script fails if a bound is broken.
"""

import argparse
import base64
import csv
import importlib
import json
import lzma
import random
import struct
import subprocess
import sys
import types
from pathlib import Path

import numpy
from sklearn.isotonic import IsotonicRegression

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import run  # noqa: E402
import speed  # noqa: E402

ROOT = HERE.parent.parent
FILES = run.FILES / "domains"
csv.field_size_limit(1 << 30)


def corpus(name):
    """The labelled rows of a corpus without exact copies."""
    path = ROOT / "data/messages.csv" if name == "demo" else speed.CORPORA / ("sms.csv" if name == "sms" else f"{name}.csv.xz")
    if not path.exists():
        sys.exit(f"domains: {path} is missing; set SPAMOPS_CORPORA")
    with (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="utf-8", newline="") as file:
        rows = {row["text"]: row for row in csv.DictReader(file) if row["label"] in ("ham", "spam")}
    return list(rows.values())


def shuffled(rows):
    rows = list(rows)
    random.Random(7).shuffle(rows)
    return rows


def spam(rows):
    return sum(row["label"] == "spam" for row in rows)


def balanced(rows, share, most):
    positive, negative = ([row for row in rows if row["label"] == label] for label in ("spam", "ham"))
    count = min(most, int(len(positive) / share), int(len(negative) / (1 - share)))
    return positive[:round(count * share)] + negative[:count - round(count * share)]


def within(parts, rest):
    """Pairs of one corpus with itself, with the others, and with a mixture."""
    for one, fitted in parts.items():
        own = rest[one]
        yield f"{one} > {one}", "same", fitted, own[:2000]
        for share in (0.05, 0.13, 0.3, 0.5, 0.7):
            yield f"{one} > {one}, {share} spam", "class balance", fitted, balanced(own, share, 1500)
        middle = sorted(len(row["text"]) for row in own)[len(own) // 2]
        yield f"{one} > {one}, short", "length", fitted, [row for row in own if len(row["text"]) < middle][:1500]
        yield f"{one} > {one}, long", "length", fitted, [row for row in own if len(row["text"]) >= middle][:1500]
        for other in parts:
            if other != one:
                yield f"{one} > {other}", "corpus", fitted, rest[other][:2000]
                for part in (150, 450):
                    yield f"{one} > {one}, {part / 15:.0f}% {other}", "mixture", fitted, own[:1500 - part] + rest[other][:part]


def over_time(spamassassin, enron, demo):
    """Pairs of months of SpamAssassin, of early and late rows of Enron, and the last quarter of the demo."""
    months = {}
    for row in spamassassin:
        months.setdefault(row["date"][:7], []).append(row)
    early = [row for row in spamassassin if "2002-01" <= row["date"] < "2002-09-01"]
    for month, rows in sorted(months.items()):
        if month >= "2002-09" and len(rows) >= 200 and spam(rows) >= 20:
            yield f"spamassassin early > {month}", "time", early, rows
    fits = {month: rows for month, rows in sorted(months.items()) if len(rows) >= 400 and 80 <= spam(rows) <= len(rows) - 80}
    for one, fitted in fits.items():
        for other, rows in sorted(months.items()):
            if other != one and len(rows) >= 250 and 30 <= spam(rows) <= len(rows) - 30:
                yield f"spamassassin {one} > {other}", "time", fitted, rows
    # The spam of Enron is newer than the ham. Each class is ordered by date, then both are mixed evenly.
    classes = [sorted((row for row in enron if row["label"] == label), key=lambda row: row["date"]) for label in ("ham", "spam")]
    paced = sorted(((place / len(kind), which, place) for which, kind in enumerate(classes) for place in range(len(kind))))
    rows = [classes[which][place] for _, which, place in paced]
    for start in range(6000, len(rows) - 1000, 5000):
        yield f"enron by date > {start}", "time", rows[:4000], rows[start:start + 1500]
    yield "demo > 2026 Q3", "time", [row for row in demo if row["date"] < "2026-07"], [row for row in demo if row["date"] >= "2026-07"]


def by_column(demo, column, values):
    for one in values:
        fitted = [row for row in demo if row[column] == one][:3000]
        if min(spam(fitted), len(fitted) - spam(fitted)) < 80:
            continue
        for other in values:
            if other != one:
                yield f"demo {one} > {other}", column, fitted, [row for row in demo if row[column] == other][:1500]


def pairs():
    sms, enron, spamassassin, demo = map(corpus, ("sms", "enron", "spamassassin", "demo"))
    mixed = {"sms": (shuffled(sms), 3000), "enron": (shuffled(enron), 4000), "spamassassin": (shuffled(spamassassin), 3000)}
    parts = {name: rows[:size] for name, (rows, size) in mixed.items()}
    rest = {name: rows[size:size + 4000] for name, (rows, size) in mixed.items()}
    yield from within(parts, rest)
    yield from over_time(spamassassin, enron, demo)
    yield from by_column(shuffled(demo), "lang", ("en", "de", "ko"))
    yield from by_column(shuffled(demo), "channel", ("sms", "mail", "comment", "ticket"))


def scores(profile):
    """Scores and labels of the messages of a profile."""
    data, place, found = base64.b64decode(profile["records"]), 0, []
    while place < len(data):
        score, label = struct.unpack_from("<HB", data, place + 16)
        place += 27 + 2 * data[place + 26]
        found.append((score / 65535, {0: -1, 1: 0, 2: 1}[label]))
    score, label = map(numpy.array, zip(*found))
    return score, label


def f1(probability, verdict):
    """CBPE: the expected number of true positives, over itself plus half of the expected errors."""
    return float(2 * numpy.sum(probability * verdict) / numpy.sum(probability + verdict))


def nannyml(path):
    """NannyML's module of calibrators, loaded without the rest of the package."""
    package = types.ModuleType("nannyml")
    package.__path__ = [str(path / "nannyml")]
    sys.modules["nannyml"] = package
    return importlib.import_module("nannyml.calibration")


def measure(args, peer, name, kind, fitted, new):
    def tool(*words):
        subprocess.run([args.tools / words[0], "--quiet", *words[1:]], check=True)

    def write(path, rows, labelled=True):
        with open(path, "w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([("label", "text"), *((row["label"] if labelled else "", row["text"]) for row in rows)])
        return path

    model, labelled, bare = FILES / "model.json", write(FILES / "new.csv", new), write(FILES / "bare.csv", new, False)
    tool("fit", write(FILES / "fitted.csv", fitted), "-o", model)
    metrics = []
    for prior in ([], ["--prior", "auto"]):
        tool("score", "--model", model, *prior, labelled, "-o", FILES / "scored.csv", "--metrics", FILES / "metrics.json")
        metrics.append(json.loads((FILES / "metrics.json").read_text()))
    tool("drift", "--model", model, bare, "-o", FILES / "drift.json")
    tool("drift", "--model", model, labelled, "-o", FILES / "labelled.json")
    subprocess.run([args.tools / "spamops", "profile", "--quiet", "--model", model, labelled, "-o", FILES / "profile.json"], check=True)
    model = json.loads(model.read_text())
    (old, truth), (score, label) = scores(model["profile"]), scores(json.loads((FILES / "profile.json").read_text())["profile"])
    verdict = (score >= model["threshold"]).astype(float)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(old, truth)
    plain, peers = isotonic.predict(score), score
    if peer:
        calibrator = peer.IsotonicCalibrator()
        if peer.needs_calibration(truth.astype(int), old, calibrator):
            calibrator.fit(old, truth)
            peers = calibrator.calibrate(score)
    drift = json.loads((FILES / "drift.json").read_text())
    found = drift["expected"]
    labels = json.loads((FILES / "labelled.json").read_text())["labels"]
    return {
        "pair": name, "kind": kind, "truth": f1(label.astype(float), verdict), "estimated": found and found["expected"]["value"],
        "interval": found and found["expected"]["interval"], "adjusted": bool(found and found["adjusted"]), "doubt": found and found["doubt"],
        "plain": f1(plain, verdict), "nannyml": f1(peers, verdict), "acted": metrics[1]["prior"]["acted"],
        "log_loss": [metric["log_loss"] for metric in metrics], "labels": labels,
    }


def wilson(part, total):
    z, share = 1.96, part / total
    middle, width = share + z * z / (2 * total), z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5
    return f"{part} of {total} ({(middle - width) / (1 + z * z / total):.2f} to {(middle + width) / (1 + z * z / total):.2f})"


def summary(found):
    off = lambda pair, name: abs(pair[name] - pair["truth"])  # noqa: E731
    kinds = list(dict.fromkeys(pair["kind"] for pair in found))
    print(f"\n{'kind':14} pairs  mean error: drift  plain sum  NannyML   covered                        doubted  adjusted")
    for kind in [*kinds, "all"]:
        rows = [pair for pair in found if pair["estimated"] is not None and kind in ("all", pair["kind"])]
        mean = {name: sum(off(pair, name) for pair in rows) / len(rows) for name in ("estimated", "plain", "nannyml")}
        covered = sum(pair["interval"][0] <= pair["truth"] <= pair["interval"][1] for pair in rows)
        print(f"{kind:14} {len(rows):5}         {mean['estimated']:.3f}      {mean['plain']:.3f}      {mean['nannyml']:.3f}     {wilson(covered, len(rows)):30} "
              f"{sum(pair['doubt'] is not None for pair in rows):5} {sum(pair['adjusted'] for pair in rows):8}")
    trusted = [pair for pair in rows if pair["doubt"] is None]
    covered = sum(pair["interval"][0] <= pair["truth"] <= pair["interval"][1] for pair in trusted)
    print(f"without a doubt: mean error {sum(off(pair, 'estimated') for pair in trusted) / len(trusted):.3f}, covered {wilson(covered, len(trusted))}")
    wrong = [pair for pair in rows if off(pair, "estimated") > 0.05]
    flagged = sum(pair["doubt"] is not None for pair in wrong)
    acted = [pair for pair in found if pair["acted"]]
    worse = sum(pair["log_loss"][1] > pair["log_loss"][0] for pair in acted)
    saved = sum(pair["log_loss"][0] - pair["log_loss"][1] for pair in acted)
    print(f"off by more than 0.05: {len(wrong)}, flagged {flagged}")
    print(f"--prior auto corrected {len(acted)} pairs; log-loss rose in {worse}, and fell by {saved:.3f} in total")
    looped = [pair["pair"] for pair in found if pair["labels"] and pair["labels"]["p"] < 0.001]
    print(f"true labels taken for a feedback loop: {len(looped)} {looped}")
    yield "mean error <= the plain sum", mean["estimated"] - mean["plain"], mean["estimated"] <= mean["plain"]
    yield "mean error <= NannyML", mean["estimated"] - mean["nannyml"], mean["estimated"] <= mean["nannyml"]
    yield "estimates off by more than 0.05 that are flagged >= .9", flagged / max(1, len(wrong)), flagged >= 0.9 * len(wrong)
    yield "corrections of --prior auto that raise log-loss <= 1 in 5", worse / max(1, len(acted)), 5 * worse <= len(acted)
    yield "true labels taken for a feedback loop <= 0", len(looped), not looped


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=Path)
    parser.add_argument("--nannyml", type=Path, help="directory with the package nannyml")
    args = parser.parse_args()
    FILES.mkdir(parents=True, exist_ok=True)
    peer, found = args.nannyml and nannyml(args.nannyml), []
    print(f"{'pair':44} true   drift  interval          plain  NannyML  doubt")
    for pair in pairs():
        result = measure(args, peer, *pair)
        found.append(result)
        if result["estimated"] is None:
            print(f"{result['pair']:44} {result['truth']:.3f}  -")
            continue
        low, high = result["interval"]
        print(f"{result['pair']:44} {result['truth']:.3f}  {result['estimated']:.3f}  {low:.3f} to {high:.3f}    {result['plain']:.3f}  {result['nannyml']:.3f}    "
              f"{result['doubt'] or ('adjusted' if result['adjusted'] else '')}", flush=True)
    (FILES / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    bounds = list(summary(found))
    print("\n## bounds")
    for description, value, is_met in bounds:
        print(f"  {'ok    ' if is_met else 'BROKEN'} {description}: {value:.4g}")
    sys.exit(0 if all(is_met for *_, is_met in bounds) else 1)


if __name__ == "__main__":
    main()
