//! From the paths on the command line to files, in a stable order.

use std::path::{Path, PathBuf};

use anyhow::Result;
use lesionlens::decode::DecodeError;
use lesionlens::report::json::Refusal;
use walkdir::WalkDir;

use crate::vet::vet;

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Refusal {
    Refusal::unreadable(&path.display().to_string(), error)
}

/// Every file below the paths, folders walked in order of their names. What is no file, and a folder that cannot be read
/// to its end, is refused by name.
fn list(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Refusal>) {
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    for path in paths {
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => refused.push(Refusal::of_program(
                    &entry.path().display().to_string(),
                    "FileUnreadable",
                    "it is neither a file nor a folder",
                )),
                Err(error) => refused.push(unreadable(error.path().unwrap_or(path), &error)),
            }
        }
    }
    (files, refused)
}

/// Reads each file that a child process has gone through, and hands its path and bytes on; what cannot be read is refused.
pub(crate) fn read_each(
    paths: &[PathBuf],
    mut take: impl FnMut(&str, &[u8]) -> Result<(), DecodeError>,
) -> Result<Vec<Refusal>> {
    let (files, mut refused) = list(paths);
    let (files, mut aborted) = vet(files)?;
    refused.append(&mut aborted);
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
    Ok(refused)
}
