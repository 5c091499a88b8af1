"""Tests track with a real MLflow server: run.py TOOLS CYCLE. CYCLE is the output directory of bins/pipeline.sh."""

import contextlib
import csv
import datetime
import ipaddress
import json
import logging
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS, CYCLE = (Path(word).resolve() for word in sys.argv[1:3])
BIN = Path(sys.executable).parent
START = time.monotonic()

# The caller's environment must not affect the client or the server.
for name in list(os.environ):
    if name.startswith(("MLFLOW_", "GITHUB_", "SPAMOPS_")):
        del os.environ[name]
os.environ.update(
    PATH=f"{TOOLS}:{BIN}:{os.environ['PATH']}",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    NO_PROXY="127.0.0.1",
    SOURCE_DATE_EPOCH="1790812800",
)


def log(message):
    print(f"{time.monotonic() - START:6.1f} s  {message}", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def started(command, port, log_file, path="/health", **environment):
    """Starts a process group and waits until it answers on the port."""
    process = subprocess.Popen(
        command, stdout=log_file.open("ab"), stderr=subprocess.STDOUT, start_new_session=True,
        env={**os.environ, **environment})
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5)
            return process
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{command[1]} did not start:\n{log_file.read_text()[-3000:]}")


class Server:
    """A real MLflow server that can be killed and started again with the same data."""

    def __init__(self, directory, *options, **environment):
        directory.mkdir()
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.log = directory / "log"
        self.environment = environment
        self.command = [
            BIN / "mlflow", "server", "--backend-store-uri", f"sqlite:///{directory}/mlflow.db",
            "--artifacts-destination", f"{directory}/artifacts", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", *options]
        self.process = None
        self.start()

    def start(self):
        self.process = started([str(word) for word in self.command], self.port, self.log, **self.environment)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Proxy(ThreadingHTTPServer):
    """Forwards requests and can fail at one of them, without an answer to the client."""

    daemon_threads = True

    def __init__(self, port, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.to = port
        self.uri = f"http{'s' if tls else ''}://127.0.0.1:{self.server_address[1]}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.reset()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self):
        self.count, self.when, self.before, self.after, self.once, self.is_dead = 0, None, None, None, False, False

    def handle_error(self, *_):
        """Ignores clients that close the connection: the tests provoke this."""

    def break_at(self, when, before=lambda: None, after=None, once=False):
        """Stops answering at the first request with a true `when(number, path)`. With `once`, the proxy skips only that answer. The request
        is forwarded only if `after` is set. `before` and `after` are called before and after the request."""
        self.reset()
        self.when, self.before, self.after, self.once = when, before, after, once


class Handler(BaseHTTPRequestHandler):
    def handle_any(self):
        proxy = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        if proxy.is_dead:
            return
        proxy.count += 1
        when, before, after = proxy.when, proxy.before, proxy.after
        breaks = when is not None and when(proxy.count, f"{self.command} {self.path}")
        if breaks:
            proxy.is_dead = not proxy.once
            before()
            if after is None:
                return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(
            f"http://127.0.0.1:{proxy.to}{self.path}", data=body or None, headers=headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        except OSError:
            return
        if breaks:
            after()
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def log_message(self, *_):
        pass


def track(*words, expect=0, **environment):
    """Runs track and returns its report, or its error if a failure is expected."""
    environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", **environment}
    done = subprocess.run(
        ["track", *map(str, words)], capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert done.returncode == expect, f"track {words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout) if not expect else done.stderr


def tool(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


import mlflow  # noqa: E402 (needs the environment set above)
import pandas as pd  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

logging.getLogger("mlflow").setLevel(logging.ERROR)

# The files from which MLflow builds the environment of a model.
ENVIRONMENTS = ("requirements.txt", "python_env.yaml", "conda.yaml")


class ServerState:
    """One experiment and one registered model on the server."""

    def __init__(self, uri, experiment, name):
        self.client = mlflow.MlflowClient(uri)
        self.experiment, self.name = experiment, name

    def runs(self):
        found = self.client.get_experiment_by_name(self.experiment)
        return self.client.search_runs([found.experiment_id]) if found else []

    def models(self):
        found = self.client.get_experiment_by_name(self.experiment)
        return self.client.search_logged_models([found.experiment_id]) if found else []

    def versions(self):
        return self.client.search_model_versions(f"name = '{self.name}'")

    def version_at(self, alias):
        return int(self.client.get_model_version_by_alias(self.name, alias).version)

    def expect_one(self, case):
        """Asserts that there is one finished run, one complete logged model and one version with its alias."""
        runs, models, versions = self.runs(), self.models(), self.versions()
        counts = (len(runs), len(models), len(versions))
        assert counts == (1, 1, 1), f"{case}: {counts} runs, models, versions"
        run, model = runs[0], models[0]
        assert run.info.status == "FINISHED" and str(model.status) == "READY", f"{case}: {run.info.status} {model.status}"
        assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id], case
        history = self.client.get_metric_history(run.info.run_id, "folds/f1")
        assert [metric.step for metric in history] == [1, 2, 3, 4, 5], f"{case}: {history}"
        assert len(run.inputs.dataset_inputs) == 1, case
        assert self.version_at("challenger") == 1, case
        names = {file.path for file in self.client.list_logged_model_artifacts(model.model_id)}
        assert names == {"MLmodel", "code", "data", *ENVIRONMENTS}, f"{case}: {names}"


def environment_variables(server):
    """track uses the environment variables of MLflow's client."""
    client = mlflow.MlflowClient(server.uri)
    experiment = client.create_experiment("from the environment")
    open_run = client.create_run(experiment).info.run_id
    named = {"MLFLOW_TRACKING_URI": server.uri + "/", "MLFLOW_EXPERIMENT_NAME": "from the environment", "MLFLOW_RUN_ID": open_run}
    tracked = track(CYCLE / "challenger.json", "--name", "environment", **named)
    assert (tracked["experiment_id"], tracked["run_id"]) == (experiment, open_run), tracked
    assert client.get_run(open_run).info.status == "RUNNING", "track ended a run that it did not start"
    assert not track(CYCLE / "challenger.json", "--name", "environment", **named)["made"]
    log("MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME and MLFLOW_RUN_ID are used")


def encrypted(server, work):
    """TLS with a private certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    begin = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin - datetime.timedelta(days=1)).not_valid_after(begin + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256()))
    pem = work / "authority.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = work / "key.pem"
    secret.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    proxy = Proxy(server.port, context)
    call = [CYCLE / "challenger.json", "--name", "encrypted", "--uri", proxy.uri]
    error = track(*call, "--spool", work / "never", expect=2)
    assert "certificate" in error, error
    log(f"TLS with an unknown authority: {error.strip().replace(str(work), 'WORK')}")
    assert track(*call, MLFLOW_TRACKING_SERVER_CERT_PATH=str(pem))["made"]
    assert not track(*call, MLFLOW_TRACKING_INSECURE_TLS="true")["made"]
    log("TLS works with MLFLOW_TRACKING_SERVER_CERT_PATH and with MLFLOW_TRACKING_INSECURE_TLS")


def complete_sequence(server, work):
    """Tracks the files of the cycle after fit, after a promotion and after a rollback."""
    uri = ("--uri", server.uri)
    models = work / "models"
    shutil.copytree(CYCLE / "models", models)
    old = next(path for path in (models / "spam/models").iterdir() if path.stem == json.loads(
        (models / "spam/versions/1.json").read_text())["digest"])
    first = track(old, "--experiment", "spam", "--alias", "champion", "--run-name", "demo", *uri)
    assert first["version"] == 1 and "version" in first["made"], first
    challenger = CYCLE / "challenger.json"
    at_fit = [challenger, CYCLE / "metrics.json", "--rows", CYCLE / "train.csv", "--rows", f"evaluation={CYCLE / 'holdout.csv'}"]
    tracked = track(*at_fit, "--experiment", "spam", *uri)
    assert (tracked["version"], tracked["aliases"]) == (2, ["challenger"]), tracked
    assert tracked["made"] == ["run", "model", "version", "alias challenger"], tracked
    again = track(*at_fit, "--experiment", "spam", *uri)
    assert not again["made"] and again["run_id"] == tracked["run_id"], again

    state = ServerState(server.uri, "spam", "spam")
    run = state.client.get_run(tracked["run_id"])
    model = json.loads(challenger.read_text())
    assert {**run.data.params, **model["provenance"]["options"]} == run.data.params
    assert run.data.params["threshold"] == str(model["threshold"])
    assert run.data.metrics["cv/f1"] == model["estimate"]["pooled"]["f1"]
    assert run.data.metrics["metrics/f1"] == json.loads((CYCLE / "metrics.json").read_text())["f1"]
    for figure, spread in model["estimate"]["by_fold"].items():
        history = state.client.get_metric_history(run.info.run_id, f"folds/{figure}")
        assert [(metric.step, metric.value) for metric in history] == list(enumerate(spread["values"], 1)), figure
    for name in ("cv/f1", "metrics/f1"):
        assert len(state.client.get_metric_history(run.info.run_id, name)) == 1, name
    inputs = {(one.tags[0].value, one.dataset.name) for one in run.inputs.dataset_inputs}
    assert inputs == {("training", "train.csv"), ("evaluation", "holdout.csv")}, inputs
    log("fit: a run with params, metrics, folds as steps, inputs, a logged model and a version; a second call adds nothing")

    at_promotion = [challenger, CYCLE / "compare.json", CYCLE / "promote.json", CYCLE / "report.html"]
    promoted = track(*at_promotion, "--experiment", "spam", *uri)
    assert promoted["run_id"] == tracked["run_id"] and promoted["made"] == ["alias champion"], promoted
    assert state.version_at("champion") == 2 and len(state.runs()) == 2 and len(state.versions()) == 2
    run = state.client.get_run(tracked["run_id"])
    assert run.data.tags["spamops.compare.verdict"] == "better" and run.data.tags["spamops.promotion.version"] == "2"
    files = {file.path: file for file in state.client.list_artifacts(run.info.run_id)}
    assert set(files) == {"metrics.json", "compare.json", "promote.json", "report.html"}, files
    kept = state.client.download_artifacts(run.info.run_id, "compare.json", str(work))
    assert Path(kept).read_bytes() == (CYCLE / "compare.json").read_bytes()
    log("promotion: the same run, and champion is version 2")

    def back(to):
        tool("promote", "--rollback", "--registry", models, "--reason", "a test", "-o", work / "back.json")
        record = track(work / "back.json", *uri)
        assert record["made"] == ["alias champion"] and state.version_at("champion") == to, record

    back(to=1)
    stale = track(*at_promotion, "--experiment", "spam", *uri)
    assert stale["left"] and state.version_at("champion") == 1, stale
    tool("promote", "--to", "2", "--resume", "--registry", models, "-o", work / "on.json")
    track(work / "on.json", *uri)
    assert state.version_at("champion") == 2 and len(state.versions()) == 2
    log("rollback: champion is version 1; tracking the older promotion again moves nothing; a new promotion moves it to 2")


def rejected(reason, call):
    """Asserts that a call fails with MLflow's error for a wrong value, and with this reason."""
    try:
        result = call()
    except mlflow.MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE" and reason in str(error), error
    else:
        raise SystemExit(f"not rejected ({reason}): {result}")


def bad_request(port, body):
    """Returns the message of the scoring server about a wrong request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        answer = urllib.request.urlopen(request, timeout=120).read()
    except urllib.error.HTTPError as error:
        assert error.code == 400, error
        return json.load(error)["message"]
    raise SystemExit(f"{body} was accepted: {answer}")


def evaluated():
    """mlflow.models.evaluate gives the metrics of `score --metrics` on labelled rows."""
    with (CYCLE / "holdout.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"]][:400]
    frame = pd.DataFrame({"text": [row["text"] for row in rows], "label": [row["label"] for row in rows]})
    result = mlflow.models.evaluate(
        "models:/spam@champion", frame, targets="label", model_type="classifier", model_config={"output": "verdict"},
        evaluator_config={"log_model_explainability": False})
    verdicts = mlflow.pyfunc.load_model("models:/spam@champion").predict(frame[["text"]])["verdict"]
    hits = sum(a == b == "spam" for a, b in zip(frame["label"], verdicts))
    f1 = 2 * hits / (sum(frame["label"] == "spam") + sum(verdicts == "spam"))
    assert abs(result.metrics["f1_score"] - f1) < 1e-12, (result.metrics, f1)
    scores = mlflow.pyfunc.load_model("models:/spam@champion", model_config={"output": "spam_score"})
    assert scores.predict(frame[["text"]]).between(0, 1).all()
    rejected("the output 'both' is unknown", lambda: mlflow.pyfunc.load_model(
        "models:/spam@champion", model_config={"output": "both"}))
    log(f"mlflow.models.evaluate: f1 {f1:.4f} on {len(frame)} rows, also computed by hand")


def default_environment(server, work):
    """MLflow's default environment manager builds the environment of the model, and serves the model in it."""
    found = {name: mlflow.artifacts.load_text(f"models:/spam@champion/{name}") for name in ENVIRONMENTS}
    for name, text in found.items():
        log(f"{name}: {text!r}")
    assert found["requirements.txt"] == f"mlflow=={mlflow.__version__}\npandas\n", found
    dependencies = Path(mlflow.pyfunc.get_model_dependencies("models:/spam@champion"))
    assert dependencies.read_text() == found["requirements.txt"]
    mlflow.pyfunc.get_model_dependencies("models:/spam@champion", format="conda")
    environment = {**os.environ, "MLFLOW_TRACKING_URI": server.uri, "MLFLOW_ENV_ROOT": str(work / "environments")}
    command = [str(BIN / "mlflow"), "models", "prepare-env", "-m", "models:/spam@champion"]
    environment["PATH"] = f"{stand_in_for_pyenv(work)}:{environment['PATH']}"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    log("mlflow models prepare-env with virtualenv, the default: built from PyPI")
    (work / "input.json").write_text(json.dumps({"inputs": ["win a prize", "see you"]}))
    port = free_port()
    command = [str(BIN / "mlflow"), "models", "serve", "-m", "models:/spam@champion", "--host", "127.0.0.1", "--port", str(port)]
    serving = started(command, port, work / "default.log", **environment)
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", (work / "input.json").read_bytes(),
                                         {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=120))["predictions"]
        assert len(answer) == 2 and answer[0]["verdict"], answer
    finally:
        os.killpg(serving.pid, signal.SIGKILL)
        serving.wait()
    log("mlflow models serve with virtualenv, the default: 2 rows scored")
    command = [str(BIN / "mlflow"), "models", "predict", "-m", "models:/spam@champion", "-i", str(work / "input.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "spam_score" in done.stdout, done.stderr[-3000:]
    log("mlflow models predict with virtualenv, the default: 2 rows scored")


def stand_in_for_pyenv(work):
    """Returns a directory with a `pyenv` that downloads nothing: it offers the Python that runs this test."""
    python = Path(sys._base_executable).resolve()
    path = work / "bin" / "pyenv"
    path.parent.mkdir()
    path.write_text(f"""#!/bin/sh
root=${{PYENV_ROOT:-{work}/pyenv}}
if [ "$1" = root ]; then echo "$root"; exit; fi
for version; do :; done
mkdir -p "$root/versions/$version/bin"
ln -sf {python} "$root/versions/$version/bin/python"
""")
    path.chmod(0o755)
    return path.parent


def same_scores(server, work):
    """Python and `mlflow models serve` give the same scores as `score` on 1,000 rows."""
    rows = work / "rows.csv"
    tool("sample", "-n", "1000", "--seed", "11", ROOT / "data/messages.csv", "-o", rows)
    tool("score", "--quiet", "--model", CYCLE / "challenger.json", rows, "-o", work / "scored.csv")
    with (work / "scored.csv").open(newline="", encoding="utf-8") as file:
        scored = list(csv.DictReader(file))
    expected = [(float(row["spam_score"]), row["verdict"]) for row in scored]
    assert len(expected) == 1000 and len(set(expected)) > 500
    texts = [row["text"] for row in scored]
    mlflow.set_tracking_uri(server.uri)
    # The loaded model must not read track's variable.
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    model = mlflow.pyfunc.load_model("models:/spam@champion")

    def found(frame):
        return list(zip(frame["spam_score"], frame["verdict"]))

    frame = pd.DataFrame({"number": range(1000), "text": texts}, index=range(5, 1005))
    answer = model.predict(frame)
    assert found(answer) == expected and list(answer.index) == list(frame.index)
    assert found(model.predict(pd.DataFrame(scored).drop(columns=["spam_score", "verdict"]))) == expected
    inner = model._model_impl.python_model if hasattr(model._model_impl, "python_model") else model._model_impl
    for texts_only in (texts, pd.Series(texts)):
        assert found(inner.predict(texts_only)) == expected
    odd = ["", "null \0 byte", "two\nlines \u2028 \"quoted\"", "\ud800 half a pair", "Ünïcode 💌", "x" * 200_000]
    assert len(inner.predict(odd)) == len(odd)
    rejected("row 2: the text is null", lambda: model.predict(pd.DataFrame({"text": ["a", None]}, dtype=object)))
    rejected("row 1: the text is null", lambda: inner.predict([None]))
    assert len(model.predict(pd.DataFrame({"text": pd.Series([], dtype=str)}))) == 0
    assert found(model.predict({"text": texts[0]})) == expected[:1]
    # MLflow passes this as one row with a list in its cell. An error is better than a score of the list.
    rejected("a cell is a list, not a text", lambda: model.predict({"text": texts}))
    log(f"Python: 1,000 rows, {len(set(expected))} different scores, the same as score")

    port = free_port()
    command = [str(BIN / "mlflow"), "models", "serve", "-m", "models:/spam@champion", "--env-manager", "local",
               "--host", "127.0.0.1", "--port", str(port)]
    serving = started(command, port, work / "serve.log", MLFLOW_TRACKING_URI=server.uri)
    try:
        for body in ({"dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}},
                     {"dataframe_records": [{"text": text} for text in texts]}, {"inputs": texts}):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            answer = json.load(urllib.request.urlopen(request, timeout=120))["predictions"]
            assert [(row["spam_score"], row["verdict"]) for row in answer] == expected, list(body)
        for body, reason in (({"instances": [["win a prize"], ["see you"]]}, "a cell is a "),
                             ({"dataframe_split": {"columns": ["text"], "data": [["a"], [None]]}}, "row 2: the text is null")):
            error = bad_request(port, body)
            assert reason in error, error
            log(f"{json.dumps(body)}: {error[:300]}")
    finally:
        os.killpg(serving.pid, signal.SIGKILL)
        serving.wait()
    log("mlflow models serve: the same 1,000 scores with dataframe_split, dataframe_records and inputs")

    track(CYCLE / "challenger.json", "--name", "standalone", "--program", shutil.which("score"), "--uri", server.uri)
    script = ("import mlflow, pandas; model = mlflow.pyfunc.load_model('models:/standalone@challenger');"
              "print(model.predict(pandas.DataFrame({'text': ['win a prize']})).to_json())")
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=work, env={
        **os.environ, "PATH": "/usr/bin:/bin", "MLFLOW_TRACKING_URI": server.uri}).stdout
    assert json.loads(answer)["verdict"], answer
    log("with --program the model needs no installed score")


def cut_everywhere(server):
    """Loses the connection at each request in turn, before or after it arrives. The next call completes the tracking."""
    proxy = Proxy(server.port)

    def call(name, **words):
        return track(CYCLE / "challenger.json", CYCLE / "metrics.json", "--name", name, "--uri", proxy.uri, **words)

    call("uncut")
    requests = proxy.count
    ServerState(server.uri, "uncut", "uncut").expect_one("uncut")
    for number in range(1, requests + 1):
        for mode, after in (("lost", None), ("unanswered", lambda: None)):
            name = f"{mode}-{number}"
            proxy.break_at(lambda count, _, number=number: count == number, after=after)
            assert "closed before the answer" in call(name, expect=2), name
            proxy.reset()
            call(name)
            state = ServerState(server.uri, name, name)
            state.expect_one(name)
            assert not call(name)["made"], name
    log(f"connection lost at each of {requests} requests, before and after it arrived: always one run, one model, one version")
    with_retries = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0.01"}
    retried = 0
    for number in range(1, requests + 1):
        name = f"hiccup-{number}"
        proxy.break_at(lambda count, _, number=number: count == number, after=lambda: None, once=True)
        words = ["track", str(CYCLE / "challenger.json"), str(CYCLE / "metrics.json"), "--name", name, "--uri", proxy.uri]
        done = subprocess.run(words, env={**os.environ, **with_retries}, capture_output=True, check=False)
        retried += done.returncode == 0
        proxy.reset()
        call(name)
        ServerState(server.uri, name, name).expect_one(name)
    # Four requests are not idempotent, so they are not retried: run, logged model, model output, version.
    assert retried == requests - 4, retried
    log(f"one answer lost: {retried} of {requests} requests are retried, and nothing is created twice")
    return proxy


def killed_client(server, proxy, work):
    """Kills the client. Its spool has everything to continue."""
    for number in (2, 5, 9, 12, 15):
        name, spool = f"killed-{number}", work / f"killed-{number}"
        started, client = threading.Event(), []

        def kill(started=started, client=client):
            started.wait(10)
            client[0].kill()

        proxy.break_at(lambda count, _, number=number: count == number, before=kill, after=lambda: None)
        command = ["track", str(CYCLE / "challenger.json"), "--name", name, "--uri", proxy.uri, "--spool", str(spool)]
        client.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        started.set()
        assert client[0].wait() == -signal.SIGKILL, name
        proxy.reset()
        flushed = track("--flush", "--spool", spool)
        assert len(flushed["sent"]) == 1 and not flushed["kept"], flushed
        ServerState(server.uri, name, name).expect_one(name)
        assert not list((spool / "plans").iterdir()) and not list((spool / "files").iterdir())
    log("client killed at 5 requests: flushing its spool completes the tracking")


def killed_server(server, proxy):
    """Kills the server during a request and starts it again with the same data."""
    for path in ("POST /api/2.0/mlflow/model-versions/create", "POST /api/2.0/mlflow/logged-models", "data/model.json"):
        name = "server-" + path.rsplit("/", 1)[-1].removesuffix(".json")
        proxy.break_at(lambda _, request, path=path: request.endswith(path), after=server.kill)
        call = [CYCLE / "challenger.json", "--name", name, "--uri", proxy.uri]
        track(*call, expect=2)
        server.start()
        proxy.reset()
        track(*call)
        ServerState(server.uri, name, name).expect_one(name)
    log("server killed at 3 requests and started again: always one run, one version")


def spooled(server, work):
    """Tracks to a spool without a server, then flushes it to a server."""
    spool, name = work / "spool", ("--name", "spooled")
    server.kill()
    begin = time.monotonic()
    waiting = track(CYCLE / "challenger.json", CYCLE / "metrics.json", *name, "--uri", server.uri, "--spool", spool)
    assert waiting["spooled"] and waiting["run_id"] is None, waiting
    second = track(CYCLE / "challenger.json", CYCLE / "promote.json", *name, "--experiment", "spooled", "--uri", server.uri, "--spool", spool)
    assert second["spooled"], second
    took = time.monotonic() - begin
    assert "2 calls wait to be sent" in track("--flush", "--spool", spool, expect=2)
    server.start()
    flushed = track("--flush", "--spool", spool)
    assert [sent["made"][-1] for sent in flushed["sent"]] == ["alias challenger", "alias champion"], flushed
    state = ServerState(server.uri, "spooled", "spooled")
    state.expect_one("spooled")
    assert state.version_at("champion") == 1 and not list((spool / "plans").iterdir()) and not list((spool / "files").iterdir())
    assert not track("--flush", "--spool", spool)["sent"]
    log(f"no server: two calls take {took:.1f} s; after the flush: one run, one version, both aliases")


def passwords(work):
    """Basic auth with correct, wrong and missing passwords."""
    server = Server(work / "auth", "--app-name", "basic-auth", MLFLOW_FLASK_SERVER_SECRET_KEY="only-a-test",
                    MLFLOW_AUTH_CONFIG_PATH=str(auth_config(work)))
    try:
        call = [CYCLE / "challenger.json", "--uri", server.uri]
        user = {"MLFLOW_TRACKING_USERNAME": "admin"}
        for wrong in ({}, {**user, "MLFLOW_TRACKING_PASSWORD": "wr0ng-secret"}, {"MLFLOW_TRACKING_TOKEN": "wr0ng-secret"}):
            error = track(*call, expect=2, **wrong)
            assert ": 401 " in error and "set MLFLOW_TRACKING_USERNAME" in error and error.count("\n") == 1, error
            assert "wr0ng-secret" not in error, error
        error = track(*call, "--spool", work / "refused", expect=2)
        assert "send the files with track --flush --spool" in error, error
        log(f"basic auth with a wrong or missing password: {error.strip().replace(str(work), 'WORK')}")
        correct = {**user, "MLFLOW_TRACKING_PASSWORD": "a-long-right-one"}
        # A spool does not name a server that may get credentials.
        error = track("--flush", "--spool", work / "refused", expect=2, **correct)
        assert "only the spool names this server" in error and "a-long-right-one" not in error, error
        flush = ["--flush", "--spool", work / "refused", "--uri", server.uri]
        assert len(track(*flush, **correct)["sent"]) == 1
        assert not track(*call, **correct)["made"]
        inside = server.uri.replace("//", "//admin:a-long-right-one@")
        assert not track(CYCLE / "challenger.json", "--uri", inside)["made"]
        log("basic auth works from the environment and from the address")
    finally:
        server.kill()


def auth_config(work):
    path = work / "auth.ini"
    path.write_text(f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{work}/users.db\n"
                    "admin_username = admin\nadmin_password = a-long-right-one\n"
                    "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n")
    return path


def main():
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        server = Server(work / "server")
        log(f"MLflow {mlflow.__version__} on {server.uri}")
        try:
            complete_sequence(server, work)
            same_scores(server, work)
            evaluated()
            default_environment(server, work)
            environment_variables(server)
            encrypted(server, work)
            proxy = cut_everywhere(server)
            killed_client(server, proxy, work)
            killed_server(server, proxy)
            spooled(server, work)
        finally:
            server.kill()
        passwords(work)
    log("all passed")


main()
