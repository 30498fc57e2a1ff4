//! How much memory one file may ask for.

use super::DecodeError;

/// The largest file that is looked at: 128 MiB. A CT image of 4096 × 4096 pixels takes 32 MiB.
pub const MAX_FILE_BYTES: usize = 128 << 20;

/// What decoding one file may hold at one time beside the file's own bytes: 192 MiB, a volume of 384 slices. With the
/// file and the program itself this stays under the 384 MiB that the page's memory is capped at.
pub const BUDGET_BYTES: usize = 192 << 20;

/// Asked before every allocation whose size a file decides.
#[derive(Debug)]
pub(super) struct Budget {
    // Invariant: at most BUDGET_BYTES.
    left: usize,
}

impl Budget {
    /// The budget of one file; refuses an empty file and one above [`MAX_FILE_BYTES`].
    pub(super) fn for_file(file_bytes: usize) -> Result<Self, DecodeError> {
        match file_bytes {
            0 => Err(DecodeError::EmptyFile),
            bytes if bytes > MAX_FILE_BYTES => Err(DecodeError::FileTooLarge { bytes, limit: MAX_FILE_BYTES }),
            _ => Ok(Self { left: BUDGET_BYTES }),
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
}
