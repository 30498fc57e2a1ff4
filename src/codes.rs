//! Every code that records and errors carry, so that whoever has words for them can be held to have them all.

use serde::Serialize;
use strum::IntoEnumIterator;

use crate::decode::{Advice, DecodeErrorCode, ForeignFormat};
use crate::detection::LesionType;
use crate::fault::Fault;
use crate::model::ModelErrorCode;
use crate::series::{NoteCode, OrderRuleCode, SpacingSource};
use crate::study::StudyErrorCode;

/// All codes, in the order of their declaration.
#[derive(Debug, Clone, Serialize)]
pub struct Codes {
    schema: &'static str,
    errors: Vec<ErrorCode>,
    order_rules: Vec<&'static str>,
    notes: Vec<&'static str>,
    spacing_sources: Vec<&'static str>,
    lesion_types: Vec<&'static str>,
    foreign_formats: Vec<&'static str>,
    advice: Vec<&'static str>,
}

/// One code of an error.
#[derive(Debug, Clone, Serialize)]
struct ErrorCode {
    name: &'static str,
    code: &'static str,
    fault: Fault,
    unrelated: bool,
}

/// All codes that there are.
#[must_use]
pub fn codes() -> Codes {
    let decode = DecodeErrorCode::iter().map(|code| ErrorCode {
        name: "DecodeError",
        code: code.into(),
        fault: code.fault(),
        unrelated: code.is_unrelated(),
    });
    let model = ModelErrorCode::iter().map(|code| ErrorCode {
        name: "ModelError",
        code: code.into(),
        fault: code.fault(),
        unrelated: false,
    });
    let study = StudyErrorCode::iter().map(|code| ErrorCode {
        name: "StudyError",
        code: code.into(),
        fault: code.fault(),
        unrelated: false,
    });
    Codes {
        schema: "lesionlens.codes/1",
        errors: decode.chain(model).chain(study).collect(),
        order_rules: OrderRuleCode::iter().map(Into::into).collect(),
        notes: NoteCode::iter().map(Into::into).collect(),
        spacing_sources: SpacingSource::iter().map(Into::into).collect(),
        lesion_types: LesionType::ALL.map(LesionType::name).to_vec(),
        foreign_formats: ForeignFormat::iter().map(Into::into).collect(),
        advice: Advice::iter().map(Into::into).collect(),
    }
}
