#!/usr/bin/env python3
"""Measures time and memory of fit and score: `enron` compares with scikit-learn and a bare CSV reader, `large` uses files
larger than the memory limit.

    tests/bench/speed.py enron TOOLS --examples DIR  needs SPAMOPS_CORPORA (default ../shared/data), scikit-learn and nltk
    tests/bench/speed.py large TOOLS                 writes 2.4 GB of messages to target/bench, once

scikit-learn is timed inside its process, on texts in memory. fit and score are timed the same way when compared with scikit-learn. The tools
are also timed as complete processes that read and write files, on two threads. A ratio is the median of the ratios within each
round. The script fails if a bound is broken.
"""

import argparse
import csv
import functools
import hashlib
import json
import lzma
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import run

csv.field_size_limit(1 << 30)
CORPORA = Path(os.environ.get("SPAMOPS_CORPORA", "../shared/data"))
PEER = Path(__file__).resolve().parent / "sklearn_times.py"
STEMS_STEP = 5
CLOCK = ["--now", "2026-01-01T00:00:00Z"]
measure = functools.partial(run.measure, pause=0.001)


def peer(kind, path, step):
    """Seconds of fit and score for all rows, extrapolated from every STEPth row, and peak memory."""
    argv = [sys.executable, PEER, kind, path, str(step)]
    found = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return found["fit"] * step, found["score"] * step, found["peak"]


def inside(example, preset, path):
    """Seconds of fit and score inside the process, on two threads."""
    found = json.loads(subprocess.run([example, preset, "2", path], stdout=subprocess.PIPE, check=True).stdout)
    return found["fit"], found["score"], 0


def corpus():
    """Path of the unpacked Enron corpus, or None if it is missing."""
    path, packed = run.FILES / "enron.csv", CORPORA / "enron.csv.xz"
    if not path.exists() and packed.exists():
        run.FILES.mkdir(parents=True, exist_ok=True)
        with lzma.open(packed) as source, open(path.with_suffix(".new"), "wb") as out:
            shutil.copyfileobj(source, out)
        path.with_suffix(".new").rename(path)
    return path if path.exists() else None


def cold(args):
    """`score` of one row with the champion of this repository: median milliseconds and largest peak in MB."""
    one, model = run.FILES / "one.csv", run.FILES / "champion.json"
    registry = ["--registry", run.ROOT / "models"]
    measure([args.tools / "spamops", "registry", "export", "--quiet", *registry, "-o", model])
    one.write_text("text\nFree entry: text WIN to 80082 now\n")
    argv = [args.tools / "score", "--quiet", "--model", model, one, "-o", run.FILES / "one.out.csv"]
    runs = [run.measure(argv, pause=0.0005) for _ in range(41)]
    return 1000 * statistics.median(wall for wall, _, _ in runs), max(peak for _, _, peak in runs)


def enron(args):
    """Enron: fit and score compared with scikit-learn, with and without stems, and with a bare CSV reader."""
    path = corpus()
    if path is None:
        print(f"skipped: enron is not in {CORPORA}; set SPAMOPS_CORPORA")
        return []
    wall, small = cold(args)
    work = {name: run.FILES / f"enron.{name}.json" for name in ("classic", "seeds", "message")}

    def fit(preset):
        return [args.tools / "fit", "--quiet", "--preset", preset, *shlex.split(args.fit_options), "--threads", "2", path, "-o", work[preset]]

    def score(preset, threads):
        return [args.tools / "score", "--quiet", "--threads", threads, "--model", work[preset], path]

    cases = {
        "sklearn": functools.partial(peer, "words", path, 1),
        "sklearn, nltk stems": functools.partial(peer, "stems", path, STEMS_STEP),
        "bare csv read": functools.partial(measure, [args.examples / "bare_csv", path]),
        "inside, classic": functools.partial(inside, args.examples / "inside", "classic", path),
        "inside, seeds": functools.partial(inside, args.examples / "inside", "seeds", path),
    }
    for preset in work:
        measure(fit(preset))
        cases[f"fit {preset}"] = functools.partial(measure, fit(preset))
        for threads in ("2", "1"):
            cases[f"score {preset}, {threads}"] = functools.partial(measure, score(preset, threads))
    with open(path, encoding="utf-8", newline="") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    print(f"enron, {rows} rows, {path.stat().st_size >> 20} MB, medians of {args.rounds} rounds, two threads unless stated")
    print(f"sklearn with nltk stems: measured on every {STEMS_STEP}th row and multiplied by {STEMS_STEP}")
    found = run.interleaved(cases, args.rounds)
    middle = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in found.items()}
    print(f"{'':24}{'seconds':>10}{'rows/s':>12}{'MB':>8}")
    for name, (first, second, peak) in middle.items():
        for label, seconds in [(f"{name}: fit", first), (f"{name}: score", second)] if name.startswith(("sklearn", "inside")) else [(name, first)]:
            print(f"{label:24}{seconds:10.3f}{rows / seconds:12.0f}{peak:8.0f}")

    def ratio(slow, fast, column=0):
        column_of_fast = column if fast.startswith("inside") else 0
        return statistics.median(of[column] / by[column_of_fast] for of, by in zip(found[slow], found[fast]))

    heavy = max(middle[name][2] for name in ("fit classic", "score classic, 2"))
    print("ratios:")
    return bounds(
        ("fit: sklearn / spamops", ratio("sklearn", "inside, classic"), ">=", 15),
        ("score: sklearn / spamops", ratio("sklearn", "inside, classic", 1), ">=", 15),
        ("fit: nltk stems / spamops", ratio("sklearn, nltk stems", "inside, seeds"), ">=", 60),
        ("score: nltk stems / spamops", ratio("sklearn, nltk stems", "inside, seeds", 1), ">=", 60),
        ("score message: spamops / bare csv read", ratio("score message, 2", "bare csv read"), "<=", 10),
        ("score classic: one thread / two threads", ratio("score classic, 1", "score classic, 2"), ">=", 1.5),
        ("score message: one thread / two threads", ratio("score message, 1", "score message, 2"), ">=", 1.5),
        ("memory: spamops / sklearn", heavy / middle["sklearn"][2], "<=", 1 / 3),
        (f"score of one row, ms ({small:.0f} MB)", wall, "<=", 50),
    )


def long_messages(path, size):
    """Writes messages of twenty sentences until the file has `size` bytes. The 200,000 words follow Zipf's law."""
    if path.exists():
        return
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvwy", k=rng.randint(2, 10))) for _ in range(200_000)]
    ranks = [0.0]
    for rank in range(1, len(words) + 1):
        ranks.append(ranks[-1] + 1 / rank)
    sentences = [" ".join(rng.choices(words, cum_weights=ranks[1:], k=12)) for _ in range(40_000)]
    of = {"ham": sentences[:30_000], "spam": sentences[10_000:]}
    with open(path.with_suffix(".new"), "w", newline="") as file:
        size -= file.write("label,text\n")
        while size > 0:
            size -= file.write("".join(f"{label},{'. '.join(rng.choices(of[label], k=20))}\n" for label in ("ham", "spam", "ham") * 1000))
    path.with_suffix(".new").rename(path)


def large(args):
    """Scores five million rows in the memory for fifty thousand rows, and fits two gigabytes in 500 MB with the same result."""
    fitted, out = run.FILES / "large.model.json", run.FILES / "large.scored.csv"
    files = {rows: run.FILES / f"messages-{rows}.csv" for rows in (50_000, 5_000_000)}
    run.FILES.mkdir(parents=True, exist_ok=True)
    for rows, path in files.items():
        run.messages(path, rows, run.csv_line)
    measure([args.tools / "fit", "--quiet", files[50_000], "-o", fitted])
    peaks = []
    for rows, path in files.items():
        wall, _, peak = measure([args.tools / "score", "--quiet", "--threads", "2", "--model", fitted, path, "-o", out])
        peaks.append(peak)
        print(f"score, {rows} rows: {wall:.1f} s, {rows / wall:.0f} rows/s, {peak:.0f} MB", flush=True)
    out.unlink()
    path = run.FILES / "messages-2GB.csv"
    long_messages(path, 2_000_000_000)
    digests, fits = [], []
    for options in (["--memory", "500M"], []):
        argv = [args.tools / "fit", "--quiet", *shlex.split(args.fit_options), *options, *CLOCK, "--threads", "2", path, "-o", fitted]
        wall, _, peak = measure(argv)
        digests.append(hashlib.sha256(fitted.read_bytes()).hexdigest())
        fits.append(peak)
        print(f"fit {' '.join(options) or 'in memory'}, 2 GB: {wall:.1f} s, {peak:.0f} MB, model {digests[-1][:12]}", flush=True)
    return bounds(
        ("score: additional MB for 100 times the rows", peaks[1] - peaks[0], "<=", 16),
        ("fit: MB with --memory 500M", fits[0], "<=", 600),
        ("fit: different digests", len(set(digests)) - 1, "<=", 0),
    )


def bounds(*found):
    """Prints each value with its bound. Returns the broken bounds."""
    broken = []
    for label, figure, sign, bound in found:
        text = f"{label}: {figure:.2f}, bound {sign} {bound:.2f}"
        print(f"  {text}")
        broken += [text] * int(figure < bound if sign == ">=" else figure > bound)
    return broken


PARTS = {"enron": enron, "large": large}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("tools", type=lambda path: Path(path).absolute(), metavar="TOOLS", help="the directory with fit and score")
    parser.add_argument("--examples", type=Path, help="the directory with the built examples bare_csv and inside")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fit-options", help="further options of fit [default: --folds 0 with enron, none with large]")
    args = parser.parse_args()
    if args.fit_options is None:
        args.fit_options = "--folds 0" if args.part == "enron" else ""
    run.machine()
    broken = PARTS[args.part](args)
    for line in broken:
        print(f"speed: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
