//! Volumes.
/// Good volumes.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    Vec::new()
}
