//! From the paths on the command line to files, in a stable order.

use std::path::{Path, PathBuf};

use lesionlens::decode::DecodeError;
use lesionlens::report::json::Refusal;
use walkdir::WalkDir;

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Refusal {
    Refusal::unreadable(&path.display().to_string(), error)
}

/// Every file below the paths, folders walked in order of their names.
pub(crate) fn list(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Refusal>) {
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    for path in paths {
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
                Ok(_) => {}
                Err(error) => refused.push(unreadable(error.path().unwrap_or(path), &error)),
            }
        }
    }
    (files, refused)
}

/// Reads each file and hands its path and bytes on; what cannot be read is refused.
pub(crate) fn read_each(
    paths: &[PathBuf],
    mut take: impl FnMut(&str, &[u8]) -> Result<(), DecodeError>,
) -> Vec<Refusal> {
    let (files, mut refused) = list(paths);
    for file in files {
        let name = file.display().to_string();
        match std::fs::read(&file) {
            Ok(bytes) => {
                if let Err(error) = take(&name, &bytes) {
                    refused.push(Refusal::new(&name, &error));
                }
            }
            Err(error) => refused.push(unreadable(&file, &error)),
        }
    }
    refused
}
