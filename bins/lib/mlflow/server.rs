//! Calls MLflow's REST API. Each call states whether its request may be sent twice.

use anyhow::{Context, Result, anyhow, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::io::diagnostics::shown;
use crate::io::limits::answer_json;
use crate::mlflow::access::ServerAccess;
use crate::publish::http::{HttpAnswer, HttpClient, HttpFailure, HttpMethod, HttpRequest, Idempotence};

/// Added to errors that suggest that the server is not MLflow.
const HINT: &str = "set the address of an MLflow server";

/// Characters of a query value that are not escaped: RFC 3986's unreserved characters.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters of a path that are not escaped: also the slash.
const PLAIN_PATH: &AsciiSet = &PLAIN.remove(b'/');

pub struct TrackingServer {
    client: HttpClient,
    uri: String,
    authorization: Option<String>,
}

/// Whether the request can succeed later, for example because the server is down.
pub fn is_transient(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<HttpFailure>().is_some_and(HttpFailure::is_transient))
}

/// MLflow's error code, if the answer of the server has an error code.
pub fn code(error: &anyhow::Error) -> Option<String> {
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<HttpFailure>())?;
    let answer = answer_json(&failure.text).ok()?;
    Some(answer.get("error_code")?.as_str()?.to_owned())
}

impl TrackingServer {
    pub fn new(access: ServerAccess) -> Result<Self> {
        let ServerAccess { uri, authorization, settings } = access;
        Ok(Self { client: HttpClient::new(settings)?, uri, authorization })
    }

    /// The address of the server, without credentials.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The version of MLflow that the server runs.
    pub fn version(&self) -> Result<String> {
        let url = format!("{}/version", self.uri);
        let version = self.send(HttpRequest::new(HttpMethod::Get, &url, Idempotence::Idempotent))?.text;
        let version = version.trim();
        let is_one = version.len() < 40 && version.starts_with(|c: char| c.is_ascii_digit());
        ensure!(is_one, "{url}: {} is not an MLflow version; {HINT}", shown(version));
        Ok(version.to_owned())
    }

    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        let url = format!("{}?{}", self.address(path), query.join("&"));
        self.json(HttpRequest::new(HttpMethod::Get, &url, Idempotence::Idempotent))
    }

    /// Searches with a POST request.
    pub fn search(&self, path: &str, body: &Value) -> Result<Value> {
        self.post(path, body, Idempotence::Idempotent)
    }

    pub fn post(&self, path: &str, body: &Value, twice: Idempotence) -> Result<Value> {
        self.with_body(HttpMethod::Post, path, body, twice)
    }

    /// Sends a PATCH request. The request may be sent twice.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.with_body(HttpMethod::Patch, path, body, Idempotence::Idempotent)
    }

    fn with_body(&self, method: HttpMethod, path: &str, body: &Value, twice: Idempotence) -> Result<Value> {
        let (url, body) = (self.address(path), body.to_string());
        self.json(HttpRequest::new(method, &url, twice).body("application/json", body.as_bytes()))
    }

    /// Uploads an artifact below an artifact address from the server.
    pub fn put(&self, artifacts: &str, path: &str, bytes: &[u8]) -> Result<()> {
        let inside = artifacts.strip_prefix("mlflow-artifacts:").map(|rest| rest.trim_start_matches('/'));
        let inside = inside.filter(|_| !artifacts.starts_with("mlflow-artifacts://"));
        let inside = inside.with_context(|| {
            let artifacts = shown(artifacts);
            format!("artifacts are stored at {artifacts}, not by the server; start the server with --artifacts-destination and use a new experiment")
        })?;
        let path = format!("{inside}/{path}");
        let path = utf8_percent_encode(&path, PLAIN_PATH);
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{path}", self.uri);
        let request = HttpRequest::new(HttpMethod::Put, &url, Idempotence::Idempotent);
        self.send(request.body("application/octet-stream", bytes)).map(drop)
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/2.0/mlflow/{path}", self.uri)
    }

    fn json(&self, request: HttpRequest) -> Result<Value> {
        let HttpAnswer { text, .. } = self.send(request)?;
        answer_json(&text).map_err(|error| anyhow!("{}: the answer {error}; {HINT}", self.uri))
    }

    fn send(&self, request: HttpRequest) -> Result<HttpAnswer> {
        let request = match &self.authorization {
            Some(value) => request.header("Authorization", value.as_str()),
            None => request,
        };
        self.client.send(&request).map_err(|failure| match failure.status {
            Some(401) => failure
                .advise("set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN")
                .into(),
            // MLflow answers in JSON if an object does not exist.
            Some(404) if !failure.text.starts_with('{') => failure.advise(HINT).into(),
            Some(403) => failure
                .advise("the user has no permission; ask the administrator of the server for it")
                .into(),
            _ => failure.into(),
        })
    }
}

/// Splits the data to log into batches of the largest size that the server accepts.
pub fn batches(run: &str, metrics: &[Value], params: &[Value], tags: &[Value]) -> Vec<Value> {
    let kinds = [("metrics", metrics, 1000), ("params", params, 100), ("tags", tags, 100)];
    let each = kinds.into_iter().flat_map(|(kind, all, most)| all.chunks(most).map(move |some| (kind, some)));
    each.map(|(kind, some)| json!({ "run_id": run, kind: some })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_each_kind_into_batches() {
        let some = |count: usize| (0..count).map(Value::from).collect::<Vec<_>>();
        let batches = batches("r", &some(2001), &some(100), &some(101));
        let sizes: Vec<(String, usize)> = batches
            .iter()
            .map(|batch| {
                assert_eq!(batch["run_id"], "r");
                let (kind, some) =
                    batch.as_object().unwrap().iter().find(|(kind, _)| *kind != "run_id").unwrap();
                (kind.clone(), some.as_array().unwrap().len())
            })
            .collect();
        let batch_sizes = [
            ("metrics", 1000),
            ("metrics", 1000),
            ("metrics", 1),
            ("params", 100),
            ("tags", 100),
            ("tags", 1),
        ];
        assert_eq!(sizes, batch_sizes.map(|(kind, size)| (kind.to_owned(), size)));
        assert_eq!(batches[2]["metrics"][0], 2000);
    }

    #[test]
    fn escapes_a_path_as_python_does() {
        // python: urllib.parse.quote("a b/ü'=&.json", safe="/")
        let encoded = utf8_percent_encode("a b/ü'=&.json", PLAIN_PATH).to_string();
        assert_eq!(encoded, "a%20b/%C3%BC%27%3D%26.json");
    }
}
