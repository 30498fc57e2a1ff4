//! Brotli and gzip copies of the page's files, for hosts that send them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::project::{read, write};
use crate::web::sha256_hex;

/// Results of slow steps, named by the SHA-256 of all that they depend on, so that a rebuild repeats only what changed.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    used: BTreeSet<PathBuf>,
}

impl Cache {
    /// A cache that keeps its entries in that folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, used: BTreeSet::new() }
    }

    /// The result of `make` for that input; `step` names the computation with all its settings.
    pub(crate) fn get(&mut self, step: &str, input: &[u8], make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let key = sha256_hex(format!("{step}\n{}", sha256_hex(input)).as_bytes());
        let path = self.folder.join(key);
        self.used.insert(path.clone());
        if path.is_file() {
            return read(&path);
        }
        let bytes = make()?;
        // Renamed into place, so that an interrupted run leaves no half-written entry.
        let partial = path.with_extension("part");
        write(&partial, &bytes)?;
        fs::rename(&partial, &path)?;
        Ok(bytes)
    }

    /// Forgets every entry that this run did not ask for.
    pub(crate) fn prune(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if !self.used.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Brotli with a window of 16 MiB, the largest that browsers accept.
pub(crate) fn brotli(cache: &mut Cache, bytes: &[u8], quality: u32) -> Result<Vec<u8>> {
    cache.get(&format!("brotli {quality}"), bytes, || {
        let mut packed = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, quality, 24);
        writer.write_all(bytes)?;
        drop(writer);
        Ok(packed)
    })
}

/// Gzip at its best level.
pub(crate) fn gzip(cache: &mut Cache, bytes: &[u8]) -> Result<Vec<u8>> {
    cache.get("gzip 9", bytes, || {
        let mut writer = GzEncoder::new(Vec::new(), Compression::best());
        writer.write_all(bytes)?;
        Ok(writer.finish()?)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_formats_give_the_bytes_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::new(folder.path().to_path_buf());
        let text = b"a slice, a slice, a slice".repeat(40);
        let mut unpacked = Vec::new();
        let packed = brotli(&mut cache, &text, 11).unwrap();
        brotli::Decompressor::new(packed.as_slice(), 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        let packed = gzip(&mut cache, &text).unwrap();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn an_entry_is_made_once_and_dropped_when_a_run_does_not_use_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = |_: &str| Ok(b"made".to_vec());
        let mut cache = Cache::new(folder.path().to_path_buf());
        assert_eq!(cache.get("step", b"input", || made("first")).unwrap(), b"made");
        let again = cache.get("step", b"input", || anyhow::bail!("made twice"));
        assert_eq!(again.unwrap(), b"made");
        Cache::new(folder.path().to_path_buf()).prune().unwrap();
        assert!(cache.get("step", b"input", || anyhow::bail!("gone")).is_err());
    }
}
