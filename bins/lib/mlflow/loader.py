"""Loads a model of spamops for MLflow: a JSON file that the program `score` reads. Nothing is unpickled or evaluated."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd

# What a column of texts may be called, as in `score`.
TEXTS = ("text", "message", "body", "email", "content", "v2")
ADDED = ("spam_score", "verdict")


def _load_pyfunc(path, model_config=None):
    """The model in a directory; it scores an empty message at once, so that what is missing is missed here."""
    scorer = Scorer(Path(path))
    scorer.predict([""])
    return scorer


class Scorer:
    """A model and the program that scores by it."""

    def __init__(self, directory):
        self.model = directory / "model.json"
        self.columns = json.loads((directory / "columns.json").read_text(encoding="utf-8"))
        self.program = _program(directory)

    def predict(self, model_input, params=None):
        """The columns spam_score and verdict for a frame, a list or a series of texts."""
        frame = _frame(model_input, self.columns)
        if frame.empty and not len(frame.index):
            return pd.DataFrame({"spam_score": pd.Series(dtype=float), "verdict": pd.Series(dtype=str)})
        names = [str(name) for name in frame.columns]
        rows = (dict(zip(names, map(_cell, row))) for row in frame.itertuples(index=False, name=None))
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        # A policy in the working directory is none of this model's.
        words = ["--quiet", "--config", os.devnull, "--input-format", "jsonl", "--format", "jsonl"]
        command = [*self.program, *words, "--model", str(self.model), "-"]
        done = subprocess.run(command, input=lines.encode("utf-8", "replace"), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode("utf-8", "replace").strip() or f"score ended with {done.returncode}")
        # Of bytes: str.splitlines also parts at what a text may hold.
        scored = [json.loads(line) for line in done.stdout.splitlines()]
        if len(scored) != len(frame):
            raise RuntimeError(f"score answered {len(scored)} of {len(frame)} rows")
        return pd.DataFrame({name: [row[name] for row in scored] for name in ADDED}, index=frame.index)


def _program(directory):
    """The words that run `score`: beside the model, in SPAMOPS_TOOLS, on the PATH, or as a part of `spamops`."""
    beside = directory / "score"
    if beside.is_file():
        if not os.access(beside, os.X_OK):
            beside.chmod(0o755)  # a store of artefacts forgets the bit
        return [str(beside)]
    for where in filter(None, (os.environ.get("SPAMOPS_TOOLS"), os.environ.get("PATH", os.defpath))):
        for name, first in (("score", []), ("spamops-score", []), ("spamops", ["score"])):
            found = shutil.which(name, path=where)
            if found:
                return [found, *first]
    raise RuntimeError("no program score; put it on the PATH, or name its directory in SPAMOPS_TOOLS")


def _frame(model_input, columns):
    """Rows with a column of texts, whatever they came in as."""
    if isinstance(model_input, str):
        model_input = [model_input]
    if isinstance(model_input, (pd.DataFrame, dict)):
        frame = pd.DataFrame(model_input)
    else:
        # Texts alone: other columns that the model looks at are empty.
        index = getattr(model_input, "index", None)
        texts = pd.Series(list(model_input), index=index if isinstance(index, pd.Index) else None, dtype=object)
        frame = pd.DataFrame({"text": texts})
        frame = frame.assign(**{name: "" for name in columns if name != "text"})
    frame = frame.drop(columns=[name for name in ADDED if name in frame.columns])
    if len(frame.columns) == 1 and columns == ["text"]:
        if str(frame.columns[0]).lower() not in TEXTS:
            frame = frame.set_axis(["text"], axis=1)
    return frame


def _cell(value):
    """A cell as JSON has it: text as it is, nothing for what is missing."""
    if isinstance(value, str):
        # What comes in pieces of surrogates is no text.
        return value.encode("utf-8", "replace").decode("utf-8")
    if value is None or value is pd.NA or value is pd.NaT or isinstance(value, float) and value != value:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"a cell is a {type(value).__name__}; rows of texts are a DataFrame with the column text")
