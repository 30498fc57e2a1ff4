//! Which fragments make up which frame of encapsulated pixels (PS3.5 A.4).
//!
//! A file says it by its basic or extended offset table, or leaves it open when there is one frame, or one fragment for
//! each frame. Where it leaves it open for several fragments per frame, the first bytes of a compressed image decide.
//! Nothing else is guessed.

use std::borrow::Cow;

use super::attributes::{self, Attributes};
use super::element::Fragments;
use crate::decode::DecodeError;
use crate::decode::budget::Budget;

/// The bytes of one frame, put together from its fragments.
pub(super) type FrameBytes<'a> = Cow<'a, [u8]>;

/// Frames one after another: the fragments behind the offset table, with the offsets of frames where a table gives
/// them.
pub(super) struct Frames<'a> {
    fragments: Fragments<'a>,
    boundary: Boundary,
    n_frames: usize,
}

/// Where a new frame begins.
enum Boundary {
    /// Nowhere: there is one frame.
    Never,
    /// At each fragment.
    Fragment,
    /// At fragments that begin as a compressed image does.
    Start,
    /// At these offsets of fragments, in rising order.
    Offsets(Vec<usize>),
}

impl<'a> Frames<'a> {
    /// Decides how the fragments are to be divided into `n_frames` frames.
    pub(super) fn new(
        fragments: Fragments<'a>,
        attributes: &Attributes<'_>,
        n_frames: usize,
        budget: &mut Budget,
    ) -> Result<Self, DecodeError> {
        let Some((_, table)) = fragments.items().next() else {
            return Err(DecodeError::FragmentsContradictFrames { fragments: 0, frames: n_frames });
        };
        let n_fragments = fragments.items().skip(1).count();
        let contradiction = || DecodeError::FragmentsContradictFrames { fragments: n_fragments, frames: n_frames };
        let extended = attributes.bytes(attributes::EXTENDED_OFFSET_TABLE);
        budget.take("the offset table", table.len().checked_add(extended.len()).and_then(|n| n.checked_mul(2)))?;
        let words = |word: u64| usize::try_from(word).unwrap_or(usize::MAX);
        let offsets: Vec<usize> = if table.is_empty() {
            extended.as_chunks::<8>().0.iter().map(|&bytes| words(u64::from_le_bytes(bytes))).collect()
        } else {
            table.as_chunks::<4>().0.iter().map(|&bytes| words(u64::from(u32::from_le_bytes(bytes)))).collect()
        };
        let boundary = if !offsets.is_empty() {
            // Offsets count from the first fragment; the table before it takes a header of eight bytes and itself.
            let first = table.len().saturating_add(8);
            let offsets: Vec<usize> = offsets.into_iter().map(|offset| offset.saturating_add(first)).collect();
            let starts: Vec<usize> = {
                let mut wanted = offsets.iter().copied().peekable();
                let mut found = Vec::new();
                for (at, _) in fragments.items().skip(1) {
                    if wanted.next_if_eq(&at).is_some() {
                        found.push(at);
                    }
                }
                found
            };
            if offsets.len() != n_frames || starts != offsets || offsets.first() != Some(&first) {
                return Err(DecodeError::OffsetTableContradictsFragments { offsets: offsets.len(), frames: n_frames });
            }
            Boundary::Offsets(offsets)
        } else if n_frames == 1 && n_fragments > 0 {
            Boundary::Never
        } else if n_fragments == n_frames {
            Boundary::Fragment
        } else if fragments.items().skip(1).filter(|(_, bytes)| begins_image(bytes)).count() == n_frames {
            Boundary::Start
        } else {
            return Err(contradiction());
        };
        Ok(Self { fragments, boundary, n_frames })
    }

    /// The frames in order, each put together when its turn comes.
    pub(super) fn frames(&self, budget: &mut Budget) -> Result<Vec<FrameBytes<'a>>, DecodeError> {
        // Each frame takes its own bytes where it consists of several fragments, and a reference where not.
        let mut frames: Vec<FrameBytes<'a>> = Vec::new();
        let mut offsets = match &self.boundary {
            Boundary::Offsets(offsets) => offsets.as_slice(),
            _ => &[],
        }
        .iter()
        .peekable();
        for (at, bytes) in self.fragments.items().skip(1) {
            let is_new = match self.boundary {
                Boundary::Never => frames.is_empty(),
                Boundary::Fragment => true,
                Boundary::Start => frames.is_empty() || begins_image(bytes),
                Boundary::Offsets(_) => offsets.next_if(|&&offset| offset == at).is_some(),
            };
            if is_new {
                frames.push(Cow::Borrowed(bytes));
            } else if let Some(last) = frames.last_mut() {
                // A growing vector may hold up to twice its content.
                let held = if matches!(last, Cow::Borrowed(_)) { last.len() } else { 0 };
                let more = bytes.len().checked_add(held).and_then(|n| n.checked_mul(2));
                budget.take("the fragments of a frame", more)?;
                last.to_mut().extend_from_slice(bytes);
            }
        }
        debug_assert_eq!(frames.len(), self.n_frames);
        Ok(frames)
    }
}

/// Whether bytes begin as a JPEG, JPEG-LS or JPEG 2000 image does.
fn begins_image(bytes: &[u8]) -> bool {
    let signatures: [&[u8]; 3] = [b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "];
    signatures.iter().any(|signature| bytes.starts_with(signature))
}
