//! States what the rows of a suspect group share, for the warning of `fit` and the reason of `compare`.

use crate::io::diagnostics::shown;
use crate::model::suspect_group::{SharedTrait, SuspectGroup};
use crate::report::numbers::counted;
use crate::rows::label::LabelNames;

/// The fact about a group: "12 training rows labelled ham share the phrase 'x', but the rest of their text looks like
/// spam".
pub fn suspect_fact(group: &SuspectGroup, names: &LabelNames) -> String {
    let (rows, name) = (counted(group.rows, "training row"), shown(&group.name));
    let LabelNames { positive, negative } = names;
    match group.shares {
        SharedTrait::Phrase => format!(
            "{rows} labelled {negative} share the phrase {name}, but the rest of their text looks like {positive}"
        ),
        SharedTrait::Day => {
            format!(
                "{rows} labelled {negative} are from {}, but their text looks like {positive}",
                group.name
            )
        }
        SharedTrait::Source => {
            format!(
                "{rows} labelled {negative} are from the source {name}, but their text looks like {positive}"
            )
        }
    }
}
