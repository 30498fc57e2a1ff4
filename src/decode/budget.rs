//! How much memory and how much work one file may ask for.

use super::DecodeError;
use crate::geometry::is_plausible_shape;

/// The largest file that is looked at: 128 MiB. A CT image of 4096 × 4096 pixels takes 32 MiB.
pub const MAX_FILE_BYTES: usize = 128 << 20;

/// What decoding one file may hold at one time beside the file's own bytes: 192 MiB, a volume of 384 slices. With the
/// file and the program itself this stays under the 384 MiB that the page's memory is capped at.
pub const BUDGET_BYTES: usize = 192 << 20;

/// Steps that decoding any file may take. A step is about what inflating one byte takes, some nanoseconds; all of them
/// together take about a second.
const BASE_STEPS: usize = 192 << 20;

/// Further steps for each byte of the file: large archives may take longer, and nobody can make a file cost more than in
/// proportion to its size.
const STEPS_PER_BYTE: usize = 40;

/// Asked before every allocation and every loop whose size a file decides.
#[derive(Debug)]
pub(super) struct Budget {
    // Invariant: at most BUDGET_BYTES.
    left: usize,
    /// Steps, which are never given back.
    steps_left: usize,
}

impl Budget {
    /// The budget of one file; refuses an empty file and one above [`MAX_FILE_BYTES`].
    pub(super) fn for_file(file_bytes: usize) -> Result<Self, DecodeError> {
        match file_bytes {
            0 => Err(DecodeError::EmptyFile),
            bytes if bytes > MAX_FILE_BYTES => Err(DecodeError::FileTooLarge { bytes, limit: MAX_FILE_BYTES }),
            bytes => {
                let steps_left = bytes.saturating_mul(STEPS_PER_BYTE).saturating_add(BASE_STEPS);
                Ok(Self { left: BUDGET_BYTES, steps_left })
            }
        }
    }

    /// Takes `bytes` for `what`; `None` stands for a size that does not fit into a `usize`.
    pub(super) fn take(&mut self, what: &'static str, bytes: Option<usize>) -> Result<(), DecodeError> {
        let left = bytes.and_then(|n| self.left.checked_sub(n));
        self.left = left.ok_or(DecodeError::OverBudget { what, bytes, limit: BUDGET_BYTES })?;
        Ok(())
    }

    /// Gives back what was taken and has been freed.
    pub(super) fn give_back(&mut self, bytes: usize) {
        self.left = self.left.saturating_add(bytes).min(BUDGET_BYTES);
    }

    /// Takes `steps` for `what`; `None` stands for a number that does not fit into a `usize`.
    pub(super) fn work(&mut self, what: &'static str, steps: Option<usize>) -> Result<(), DecodeError> {
        let left = steps.and_then(|n| self.steps_left.checked_sub(n));
        self.steps_left = left.ok_or(DecodeError::OverWork { what })?;
        Ok(())
    }
}

/// Refuses an image with more pixels than any CT has.
pub(super) fn check_shape(rows: usize, cols: usize) -> Result<(), DecodeError> {
    if is_plausible_shape(rows, cols) { Ok(()) } else { Err(DecodeError::ImageTooLarge { rows, cols }) }
}
