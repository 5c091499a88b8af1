//! Checks for `score --prior auto` that only the class balance changed.

use anyhow::Result;

use crate::drift::messages::Messages;
use crate::drift::shift::{MINIMUM_DISTANCE, shift};
use crate::drift::text_change::MIN_MESSAGES;
use crate::model::model_file::Model;
use crate::model::score_calibration::ScoreCalibration;
use crate::profile::summary::Profile;
use crate::stats::prior_shift::OtherChange;

/// Compares messages with the training rows of the model at the same class balance. None if there are enough messages,
/// and words and scores show no other change.
pub fn other_change(model: &Model, new: &Profile) -> Result<Option<OtherChange>> {
    let reference = model.profile.profile()?;
    let (side, new) = (Messages::of_reference(&reference), Messages::of_new(new, &reference));
    let calibration = ScoreCalibration::learn(side.records.iter().copied());
    let Some(calibration) = calibration.filter(|_| side.scored) else {
        return Ok(Some(OtherChange::NoReference));
    };
    let too_few = OtherChange::TooFewMessages { minimum: MIN_MESSAGES };
    let Some(shift) = shift(&side, &new, model.threshold, &calibration) else {
        return Ok(Some(too_few));
    };
    Ok(match shift.text {
        None => Some(too_few),
        Some(text) if text.is_change() => Some(OtherChange::Words { auc: text.auc }),
        Some(_) if shift.distance_upper >= MINIMUM_DISTANCE => {
            Some(OtherChange::Scores { upper: shift.distance_upper, limit: MINIMUM_DISTANCE })
        }
        Some(_) => None,
    })
}
