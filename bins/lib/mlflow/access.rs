//! Reads the address, credentials and HTTP settings of the server from the same environment variables as MLflow's own
//! client.

use std::path::PathBuf;

use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::io::address::{bare, credentials};
use crate::io::diagnostics::shown;
use crate::io::environment::{number, seconds};
use crate::io::limits;
use crate::publish::http::{self, HttpSettings};

/// Variables with credentials.
const CREDENTIALS: [&str; 3] =
    ["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"];

/// Address, credentials and HTTP settings of a server.
pub struct ServerAccess {
    /// Address of the server, without credentials.
    pub uri: String,
    /// Value of the header `Authorization`.
    pub authorization: Option<String>,
    pub settings: HttpSettings,
}

impl ServerAccess {
    /// Reads the settings for an address from environment variables.
    pub fn new(uri: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let is_web = uri.starts_with("http://") || uri.starts_with("https://");
        if !is_web {
            let uri = shown(&bare(uri));
            bail!(
                "{uri} is not an http:// or https:// address; start a server with 'mlflow server' and pass its address"
            );
        }
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
        let from_address =
            credentials(uri).map(|pair| basic(percent_decode_str(pair).decode_utf8_lossy().into_owned()));
        let user = set("MLFLOW_TRACKING_USERNAME").zip(set("MLFLOW_TRACKING_PASSWORD"));
        let user = || user.map(|(name, password)| basic(format!("{name}:{password}")));
        let token = || set("MLFLOW_TRACKING_TOKEN").map(|token| format!("Bearer {token}"));
        let default = HttpSettings::default();
        let retries = number::<u32>(&set, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", 0..=99)?;
        let settings = HttpSettings {
            timeout: seconds(&set, "MLFLOW_HTTP_REQUEST_TIMEOUT", limits::TRACKING_TIME)?,
            tries: retries.map_or(default.tries, |retries| 1 + retries),
            pause: seconds(&set, "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", default.pause)?,
            authorities: set("MLFLOW_TRACKING_SERVER_CERT_PATH").map(PathBuf::from),
            insecure: set("MLFLOW_TRACKING_INSECURE_TLS").is_some_and(|value| is_true(&value)),
        };
        let authorization = from_address.or_else(user).or_else(token);
        if authorization.is_some() {
            http::expect_private(uri)?;
        }
        Ok(Self { uri: http::address(&bare(uri))?, authorization, settings })
    }
}

impl ServerAccess {
    /// The settings for an address that only a file names. Credentials never go there.
    pub fn of_file(uri: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let is_set = |name: &&&str| variable(name).is_some_and(|value| !value.is_empty());
        if let Some(name) = CREDENTIALS.iter().find(is_set) {
            bail!(
                "{}: only the spool names this server, so {name} is not sent to it; set --uri or MLFLOW_TRACKING_URI",
                bare(uri)
            );
        }
        Ok(Self { authorization: None, ..Self::new(&bare(uri), variable)? })
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value == "1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(uri: &str, variables: &[(&str, &str)]) -> Result<ServerAccess> {
        let found = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        ServerAccess::new(uri, &|name| found(name).map(str::to_owned))
    }

    #[test]
    fn credentials_come_from_the_address_then_the_user_then_the_token() {
        let token = ("MLFLOW_TRACKING_TOKEN", "t");
        let name = [("MLFLOW_TRACKING_USERNAME", "me"), ("MLFLOW_TRACKING_PASSWORD", "p"), token];
        let authorization = |uri: &str, variables: &[_]| access(uri, variables).unwrap().authorization;
        assert_eq!(authorization("http://a", &[]), None);
        assert_eq!(authorization("https://a", &[token]).unwrap(), "Bearer t");
        assert_eq!(authorization("https://a", &name).unwrap(), "Basic bWU6cA==");
        // python: base64.b64encode(b"you:p@q")
        assert_eq!(authorization("https://you:p%40q@a/b", &name).unwrap(), "Basic eW91OnBAcQ==");
        assert_eq!(access("https://you:p%40q@a/b/", &name).unwrap().uri, "https://a/b");
    }

    #[test]
    fn credentials_go_only_over_https_or_to_this_machine() {
        let error = |uri: &str, variables: &[_]| access(uri, variables).err().map(|error| error.to_string());
        let token = [("MLFLOW_TRACKING_TOKEN", "t0ken")];
        let advice = "http://mlflow.example: is not an https:// address; credentials are sent only over https, or to this machine";
        assert_eq!(error("http://mlflow.example", &token).as_deref(), Some(advice));
        assert_eq!(error("http://me:secret@mlflow.example", &[]).as_deref(), Some(advice));
        assert_eq!(error("http://mlflow.example", &[]), None);
        assert_eq!(error("http://127.0.0.1:5000", &token), None);
    }

    #[test]
    fn credentials_do_not_go_to_a_server_that_a_file_names() {
        let of_file = |uri: &str, variables: &[(&str, &str)]| {
            let found =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            ServerAccess::of_file(uri, &|name| found(name).map(str::to_owned))
        };
        for name in CREDENTIALS {
            let error = of_file("https://evil.example", &[(name, "t0ken")]).err().unwrap().to_string();
            assert_eq!(
                error,
                format!(
                    "https://evil.example: only the spool names this server, so {name} is not sent to it; set --uri or MLFLOW_TRACKING_URI"
                )
            );
        }
        assert_eq!(of_file("https://me:secret@a", &[]).unwrap().authorization, None);
    }

    #[test]
    fn reads_request_settings_from_variables() {
        let variables = [
            ("MLFLOW_HTTP_REQUEST_TIMEOUT", "2.5"),
            ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0"),
            ("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "4"),
            ("MLFLOW_TRACKING_INSECURE_TLS", "TRUE"),
            ("MLFLOW_TRACKING_SERVER_CERT_PATH", "ca.pem"),
        ];
        let HttpSettings { timeout, tries, pause, authorities, insecure } =
            access("https://a", &variables).unwrap().settings;
        assert_eq!((timeout.as_millis(), tries, pause.as_secs(), insecure), (2500, 1, 4, true));
        assert_eq!(authorities, Some(PathBuf::from("ca.pem")));
    }

    #[test]
    fn errors_do_not_show_secrets() {
        let error = |uri: &str, variables: &[_]| access(uri, variables).err().unwrap().to_string();
        let message = "'sqlite:///a.db' is not an http:// or https:// address; start a server with 'mlflow server' and pass its address";
        assert_eq!(error("sqlite:///a.db", &[]), message);
        let invalid = error("http://a", &[("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")]);
        assert_eq!(invalid, "MLFLOW_HTTP_REQUEST_TIMEOUT is 'soon'; set it to a number from 0 to 86400");
        assert!(!error("ftp://me:secret@a", &[]).contains("secret"));
    }
}
