#!/usr/bin/env python3
"""Copies of holdout rows that `sample --against` misses, unrelated rows that it leaves out, its cost, and F1 of `fit`.

    tests/bench/leaks.py SPAMOPS [--before SPAMOPS] [--rounds 3] [--seeds 5]

The holdout is half of the distinct SMS messages. A pool holds disguised or edited copies of the holdout, or the other half. A
row of the other half is unrelated if it shares less than half of its words with every message of the holdout. The script fails if
a disguised copy survives, more than 1% of the one-word edits survive, more than 1% of the unrelated rows are left out, or
the cost is more than twice that of --before, measured in the same rounds. With --before, it also fits both versions on the
same training rows and scores the same distinct messages, which no training row nearly copies. It fails if F1 is surely lower.
"""

import argparse
import csv
import lzma
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from disguises import disguises, further_disguises
from run import measure

csv.field_size_limit(1 << 30)
CORPORA = Path(os.environ.get("SPAMOPS_CORPORA", Path(__file__).parents[2] / "../shared/data"))
MOST_EDITS = 0.01
MOST_UNRELATED = 0.01
MOST_COST = 2.0
# The 97.5% quantile of Student's t for five seeds.
STUDENT = 2.776
ROWS = 100_000


def write(path, texts):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(texts))


def kept(spamops, holdout, texts, work):
    """The texts of a pool that are no near-duplicates of the holdout."""
    pool, out = Path(work, "pool.csv"), Path(work, "kept.csv")
    write(pool, texts)
    subprocess.run([spamops, "sample", "--quiet", "--against", holdout, pool, "-o", out], check=True)
    with open(out, encoding="utf-8", newline="") as file:
        return [texts[int(row["id"])] for row in csv.DictReader(file)]


def edits(rng, vocabulary):
    """A function for each change of one word."""

    def change(text, words):
        parts = text.split()
        at = rng.randrange(len(parts))
        return " ".join(parts[:at] + words(parts[at]) + parts[at + 1 :])

    return {
        "word replaced": lambda text: change(text, lambda _: [rng.choice(vocabulary)]),
        "word inserted": lambda text: change(text, lambda word: [word, rng.choice(vocabulary)]),
        "word removed": lambda text: change(text, lambda _: []),
    }


def words(text):
    return set(re.findall(r"\w+", re.sub(r"\d", "0", text.lower())))


def related(text, holders, sizes):
    """Whether a text shares at least half of its words with a text of the holdout."""
    own, shared = words(text), {}
    for word in own:
        for number in holders.get(word, ()):
            shared[number] = shared.get(number, 0) + 1
    return any(2 * both >= len(own) + sizes[number] - both for number, both in shared.items())


def spliced(texts, rng, rows):
    """Messages with the start of one message and the end of another."""

    def row():
        one, other = (rng.choice(texts).split() for _ in range(2))
        return " ".join(one[: (len(one) + 1) // 2] + other[len(other) // 2 :])

    return [row() for _ in range(rows)]


def costs(versions, texts, rounds, work):
    """Prints the cost of each version on short and long rows. Returns the largest ratio to the last version."""
    worst, rng = 0.0, random.Random(1)
    long = [" ".join(rng.sample(texts, 12)) for _ in range(ROWS)]
    print(f"{ROWS} rows against 20000 of them, medians of {rounds} rounds")
    for kind, rows in (("short", spliced(texts, rng, ROWS)), ("long", long)):
        holdout, pool = Path(work, "holdout-100k.csv"), Path(work, "pool-100k.csv")
        write(holdout, rows[:20_000])
        write(pool, rows[20_000:])
        measured = {name: [] for name in versions}
        for _ in range(rounds):
            for name, spamops in versions.items():
                measured[name].append(measure([spamops, "sample", "--quiet", "--against", holdout, pool]))
        medians = {name: [statistics.median(column) for column in zip(*of)] for name, of in measured.items()}
        for name, (wall, cpu, megabytes) in medians.items():
            print(f"  {kind:6}{name:8}{wall:8.2f} s wall{cpu:8.2f} s CPU{megabytes:8.0f} MB", flush=True)
        last = list(medians.values())[-1]
        worst = max(worst, *(medians["now"][column] / last[column] for column in (0, 1)))
    return worst


def labelled(name):
    """Rows of a corpus, or none if it is missing."""
    for path, opened in ((CORPORA / f"{name}.csv", open), (CORPORA / f"{name}.csv.xz", lzma.open)):
        if path.exists():
            with opened(path, "rt", encoding="utf-8", newline="") as file:
                return [(row["label"], row["text"]) for row in csv.DictReader(file)]
    print(f"skipped: {name} is not in {CORPORA}; set SPAMOPS_CORPORA")
    return []


def write_labelled(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])


def f1(spamops, train, test, work):
    """F1 of a model at its own threshold."""
    model, out = Path(work, "model.json"), Path(work, "scored.csv")
    subprocess.run([spamops, "fit", "--quiet", train, "-o", model], check=True)
    subprocess.run([spamops, "score", "--quiet", "--model", model, test, "-o", out], check=True)
    with open(out, encoding="utf-8", newline="") as file:
        pairs = [(row["label"] == "spam", row["verdict"] == "spam") for row in csv.DictReader(file)]
    return 2 * sum(a and b for a, b in pairs) / sum(a + b for a, b in pairs)


def quality(now, before, seeds, work):
    """Prints F1 of both versions on a fifth of the distinct messages. Returns a line for each corpus where it is lower."""
    broken, all_rows, train, test = [], Path(work, "all.csv"), Path(work, "train.csv"), Path(work, "test.csv")
    for name in ("sms", "enron"):
        rows = labelled(name)
        distinct = sorted({" ".join(text.lower().split()): (label, text) for label, text in rows}.values())
        differences, means = [], [0.0, 0.0]
        for seed in range(seeds if rows else 0):
            held = random.Random(seed).sample(distinct, len(distinct) // 5)
            write_labelled(test, held)
            write_labelled(all_rows, rows)
            subprocess.run([now, "sample", "--quiet", "--against", test, all_rows, "-o", train], check=True)
            both = [f1(spamops, train, test, work) for spamops in (now, before)]
            differences.append(both[0] - both[1])
            means = [mean + value / seeds for mean, value in zip(means, both)]
        if len(differences) < 2:
            continue
        middle, error = statistics.mean(differences), statistics.stdev(differences) / seeds**0.5
        text = f"{name}: F1 of fit now {means[0]:.5f}, before {means[1]:.5f}, difference {middle:+.5f} +- {STUDENT * error:.5f}"
        print(text, flush=True)
        if middle + STUDENT * error < 0:
            broken.append(text)
    return broken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spamops", type=lambda path: Path(path).absolute())
    parser.add_argument("--before", type=lambda path: Path(path).absolute(), help="an older spamops, to compare the cost")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5, help="splits of each corpus on which F1 is measured")
    args = parser.parse_args()
    corpus = CORPORA / "sms.csv"
    if not corpus.exists():
        print(f"skipped: {corpus} does not exist; set SPAMOPS_CORPORA")
        return 0
    with open(corpus, encoding="utf-8", newline="") as file:
        texts = sorted({row["text"] for row in csv.DictReader(file) if re.search(r"\w", row["text"])})
    rng = random.Random(0)
    rng.shuffle(texts)
    half = len(texts) // 2
    held, others = texts[:half], texts[half:]
    broken = []
    with tempfile.TemporaryDirectory() as work:
        holdout = Path(work, "holdout.csv")
        write(holdout, held)
        for name, disguise in (disguises(rng) | further_disguises(rng)).items():
            left = kept(args.spamops, holdout, [disguise(text) for text in held], work)
            print(f"{name:16}{len(left):6} of {len(held)} copies survive", flush=True)
            if left:
                broken.append(f"{len(left)} copies under {name} survive, such as {left[0]!r}")
        long = [text for text in held if len(text.split()) >= 8]
        for name, edit in edits(rng, sorted({word for text in texts for word in text.split()})).items():
            left = kept(args.spamops, holdout, [edit(text) for text in long], work)
            print(f"{name:16}{len(left):6} of {len(long)} copies of eight words or more survive", flush=True)
            if len(left) > MOST_EDITS * len(long):
                broken.append(f"{len(left)} of {len(long)} copies with a {name} survive (limit {MOST_EDITS:.0%})")
        holders, sizes = {}, [len(words(text)) for text in held]
        for number, text in enumerate(held):
            for word in words(text):
                holders.setdefault(word, []).append(number)
        unrelated = [text for text in others if not related(text, holders, sizes)]
        passed = kept(args.spamops, holdout, others, work)
        left_out = set(unrelated) - set(passed)
        print(f"{len(others) - len(passed)} of {len(others)} other rows are left out; {len(left_out)} of {len(unrelated)} unrelated rows")
        if len(left_out) > MOST_UNRELATED * len(unrelated):
            broken.append(f"{len(left_out)} unrelated rows are left out (limit {MOST_UNRELATED:.0%}), such as {min(left_out)!r}")
        versions = {"now": args.spamops} | ({"before": args.before} if args.before else {})
        ratio = costs(versions, texts, args.rounds, work) if args.rounds else 0
        if ratio > MOST_COST:
            broken.append(f"{ratio:.2f} times the cost of --before (limit {MOST_COST})")
        if args.before:
            broken += quality(args.spamops, args.before, args.seeds, work)
    for line in broken:
        print(f"leaks: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
