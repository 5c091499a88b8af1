//! Reads each answer of GitHub within the limits of `io::limits`, before octocrab parses it.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};

use crate::io::limits;

/// An answer has too many bytes or too many JSON values.
#[derive(Debug)]
struct AnswerTooLarge;

impl fmt::Display for AnswerTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is too large")
    }
}

impl Error for AnswerTooLarge {}

/// Whether a call failed because its answer was too large.
pub(super) fn is_too_large(error: &octocrab::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<AnswerTooLarge>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A client that sends requests through another client and limits the answers.
pub(super) fn bounded(inner: Octocrab) -> Octocrab {
    let service = tower::service_fn(move |request: Request<OctoBody>| {
        let inner = inner.clone();
        async move {
            let (parts, body) = inner.execute(request).await?.into_parts();
            let most =
                if parts.status.is_success() { limits::ANSWER_BYTES } else { limits::ERROR_ANSWER_BYTES };
            let bytes = Limited::new(body, most).collect().await;
            let bytes = bytes
                .map_err(|error| {
                    let is_long = error.is::<http_body_util::LengthLimitError>();
                    if is_long { Box::new(AnswerTooLarge) } else { error }
                })?
                .to_bytes();
            if limits::json_values(&bytes) > limits::ANSWER_VALUES {
                return Err(Box::<dyn Error + Send + Sync>::from(AnswerTooLarge));
            }
            Ok(Response::from_parts(parts, Full::from(bytes)))
        }
    });
    let builder = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None);
    let Ok::<_, Infallible>(bounded) = builder.build();
    bounded
}
