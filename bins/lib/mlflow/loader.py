"""Loads a spamops model for MLflow: a JSON file that the program `score` reads. Nothing is unpickled or evaluated."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
from mlflow.exceptions import MlflowException

# Names of the text column that `score` accepts.
TEXTS = ("text", "message", "body", "email", "content", "v2")
ADDED = ("spam_score", "verdict")
OUTPUTS = ("frame", *ADDED)


def _load_pyfunc(path, model_config=None):
    """Loads the model in a directory. It scores an empty message at once, so that a missing program fails early.

    model_config={"output": "verdict"} or "spam_score" makes predict return this column alone, for evaluators."""
    scorer = Scorer(Path(path), (model_config or {}).get("output", "frame"))
    scorer.predict([""])
    return scorer


class Scorer:
    """A model, and the program that scores rows with it."""

    def __init__(self, directory, output="frame"):
        if output not in OUTPUTS:
            raise _rejected(f"the output {output!r} is unknown; set it to {', '.join(OUTPUTS)}")
        self.output = output
        self.model = directory / "model.json"
        self.columns = json.loads((directory / "columns.json").read_text(encoding="utf-8"))
        self.program = _program(directory)

    def predict(self, model_input, params=None):
        """Returns the columns spam_score and verdict for a frame, a list or a series of texts."""
        scored = self._scored(_frame(model_input, self.columns))
        return scored if self.output == "frame" else scored[self.output]

    def _scored(self, frame):
        if frame.empty and not len(frame.index):
            return pd.DataFrame({"spam_score": pd.Series(dtype=float), "verdict": pd.Series(dtype=str)})
        _expect_texts(frame)
        names = [str(name) for name in frame.columns]
        rows = (dict(zip(names, map(_cell, row))) for row in frame.itertuples(index=False, name=None))
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        # Ignore any policy in the working directory.
        options = ["--quiet", "--config", os.devnull, "--input-format", "jsonl", "--format", "jsonl"]
        command = [*self.program, *options, "--model", str(self.model), "-"]
        done = subprocess.run(command, input=lines.encode("utf-8", "replace"), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode("utf-8", "replace").strip() or f"score failed with exit status {done.returncode}")
        # Split bytes: str.splitlines also splits at characters that a text may contain.
        scored = [json.loads(line) for line in done.stdout.splitlines()]
        if len(scored) != len(frame):
            raise RuntimeError(f"score returned {len(scored)} of {len(frame)} rows; check that the program fits the model")
        return pd.DataFrame({name: [row[name] for row in scored] for name in ADDED}, index=frame.index)


def _program(directory):
    """Returns the command for `score`: next to the model, in SPAMOPS_TOOLS, on the PATH, or as part of `spamops`."""
    included = directory / "score"
    if included.is_file():
        if not os.access(included, os.X_OK):
            included.chmod(0o755)  # artifact stores drop the executable bit
        return [str(included)]
    for where in filter(None, (os.environ.get("SPAMOPS_TOOLS"), os.environ.get("PATH", os.defpath))):
        for name, first in (("score", []), ("spamops-score", []), ("spamops", ["score"])):
            found = shutil.which(name, path=where)
            if found:
                return [found, *first]
    raise RuntimeError("the program score was not found; put it on the PATH, or set SPAMOPS_TOOLS to its directory")


def _rejected(reason):
    """Returns the error for an input that cannot be scored. MLflow's server passes its text to the client."""
    return MlflowException.invalid_parameter_value(reason)


def _expect_texts(frame):
    """Rejects a row without a text. The signature of the model requires the text."""
    for place, name in enumerate(frame.columns):
        if str(name).strip().lower() in TEXTS:
            empty = frame.iloc[:, place].isna().to_numpy()
            if empty.any():
                raise _rejected(f"row {empty.argmax() + 1}: the {name} is null; pass a text, or an empty text")
            return


def _frame(model_input, columns):
    """Converts any supported input to rows with a text column."""
    if isinstance(model_input, str):
        model_input = [model_input]
    if isinstance(model_input, (pd.DataFrame, dict)):
        try:
            frame = pd.DataFrame(model_input)
        except ValueError as error:
            raise _rejected(f"the input is not a table ({error}); pass one text for each row and column") from error
    else:
        # Only texts: the other columns that the model reads stay empty.
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
    """Converts a cell to a JSON value. A missing value becomes an empty text."""
    if isinstance(value, str):
        # Replace lone surrogates, which are not valid text.
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
    raise _rejected(
        f"a cell is a {type(value).__name__}, not a text; pass texts as a DataFrame with the column text, "
        'or over HTTP as {"inputs": ["first text", "second text"]}')
