//! The client of MLflow's REST API. Each call states whether it may be sent twice.

use anyhow::{Context, Result, anyhow, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::io::diagnostics::shown;
use crate::mlflow::access::ServerAccess;
use crate::publish::http::{HttpAnswer, HttpClient, HttpFailure, HttpMethod, HttpRequest, Repeatable};

/// What to ask where something answers that does not speak as MLflow does.
const DOUBT: &str = "is this the address of an MLflow server?";

/// What stays as it is in a value of a query: RFC 3986's unreserved characters.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stays as it is in a path, whose parts stay apart.
const PLAIN_PATH: &AsciiSet = &PLAIN.remove(b'/');

/// The server.
pub struct TrackingServer {
    client: HttpClient,
    uri: String,
    authorization: Option<String>,
}

/// Whether something can wait for the server to come back.
pub fn is_passing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<HttpFailure>().is_some_and(HttpFailure::is_passing))
}

/// The code of an error that MLflow answered with.
pub fn code(error: &anyhow::Error) -> Option<String> {
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<HttpFailure>())?;
    let answer: Value = serde_json::from_str(&failure.text).ok()?;
    Some(answer.get("error_code")?.as_str()?.to_owned())
}

impl TrackingServer {
    /// The server that an access opens.
    pub fn new(access: ServerAccess) -> Result<Self> {
        let ServerAccess { uri, authorization, settings } = access;
        Ok(Self { client: HttpClient::new(settings)?, uri, authorization })
    }

    /// Its address, without credentials.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The version of the server.
    pub fn version(&self) -> Result<String> {
        let url = format!("{}/version", self.uri);
        let version = self.send(HttpRequest::new(HttpMethod::Get, &url, Repeatable::Harmless))?.text;
        let version = version.trim();
        let is_one = version.len() < 40 && version.starts_with(|c: char| c.is_ascii_digit());
        ensure!(is_one, "{url}: answered {}; {DOUBT}", shown(version));
        Ok(version.to_owned())
    }

    /// Asks for something.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        let url = format!("{}?{}", self.address(path), query.join("&"));
        self.json(HttpRequest::new(HttpMethod::Get, &url, Repeatable::Harmless))
    }

    /// Asks for something that is found by a body.
    pub fn search(&self, path: &str, body: &Value) -> Result<Value> {
        self.post(path, body, Repeatable::Harmless)
    }

    /// Makes something.
    pub fn post(&self, path: &str, body: &Value, twice: Repeatable) -> Result<Value> {
        self.with_body(HttpMethod::Post, path, body, twice)
    }

    /// Changes something; twice is as once.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.with_body(HttpMethod::Patch, path, body, Repeatable::Harmless)
    }

    fn with_body(&self, method: HttpMethod, path: &str, body: &Value, twice: Repeatable) -> Result<Value> {
        let (url, body) = (self.address(path), body.to_string());
        self.json(HttpRequest::new(method, &url, twice).body("application/json", body.as_bytes()))
    }

    /// Puts a file among the artefacts at an address that the server gave.
    pub fn put(&self, artefacts: &str, path: &str, bytes: &[u8]) -> Result<()> {
        let inside = artefacts.strip_prefix("mlflow-artifacts:").map(|rest| rest.trim_start_matches('/'));
        let inside = inside.filter(|_| !artefacts.starts_with("mlflow-artifacts://"));
        let inside = inside.with_context(|| {
            let artefacts = shown(artefacts);
            format!("artefacts are kept at {artefacts}; start the server with --artifacts-destination, for another experiment")
        })?;
        let path = format!("{inside}/{path}");
        let path = utf8_percent_encode(&path, PLAIN_PATH);
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{path}", self.uri);
        let request = HttpRequest::new(HttpMethod::Put, &url, Repeatable::Harmless);
        self.send(request.body("application/octet-stream", bytes)).map(drop)
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/2.0/mlflow/{path}", self.uri)
    }

    fn json(&self, request: HttpRequest) -> Result<Value> {
        let HttpAnswer { text, .. } = self.send(request)?;
        serde_json::from_str(&text).map_err(|_| anyhow!("{}: answered no JSON; {DOUBT}", self.uri))
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
            // What MLflow does not find it says in JSON.
            Some(404) if !failure.text.starts_with('{') => failure.advise(DOUBT).into(),
            Some(403) => failure.advise("the user may not do this; ask for the permission").into(),
            _ => failure.into(),
        })
    }
}

/// Sends what is to be logged in batches as large as the server takes.
pub fn batches(run: &str, metrics: &[Value], params: &[Value], tags: &[Value]) -> Vec<Value> {
    let kinds = [("metrics", metrics, 1000), ("params", params, 100), ("tags", tags, 100)];
    let each = kinds.into_iter().flat_map(|(kind, all, most)| all.chunks(most).map(move |some| (kind, some)));
    each.map(|(kind, some)| json!({ "run_id": run, kind: some })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_cut_into_batches_of_every_kind() {
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
        let wanted = [
            ("metrics", 1000),
            ("metrics", 1000),
            ("metrics", 1),
            ("params", 100),
            ("tags", 100),
            ("tags", 1),
        ];
        assert_eq!(sizes, wanted.map(|(kind, size)| (kind.to_owned(), size)));
        assert_eq!(batches[2]["metrics"][0], 2000);
    }

    #[test]
    fn a_name_stands_in_an_address_as_python_writes_it() {
        // python: urllib.parse.quote("a b/ü'=&.json", safe="/")
        let encoded = utf8_percent_encode("a b/ü'=&.json", PLAIN_PATH).to_string();
        assert_eq!(encoded, "a%20b/%C3%BC%27%3D%26.json");
    }
}
