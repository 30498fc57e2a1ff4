//! Zip archives: every file in them by itself, as if it had been added on its own.
//!
//! Followed: PKWARE's APPNOTE 6.3, without encryption, several disks and Zip64. The central directory says what is in an
//! archive; names are only shown, never used as paths. A file that cannot be read is skipped and counted, and an archive
//! without any slice or table is refused.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::budget::{Budget, MAX_FILE_BYTES};
use super::error::printable;
use super::{Archive, DecodeError, Decoded};

/// The end of the central directory is looked for in the last bytes: its own and a comment's.
const END_BYTES: usize = 22 + 65_535;

/// Steps of [`Budget::work`] for a file, whatever its size.
const FILE_STEPS: usize = 1 << 12;

/// Files that an archive may have.
const MAX_FILES: usize = 20_000;

fn damaged(reason: &'static str) -> DecodeError {
    DecodeError::ZipDamaged { reason }
}

/// One entry of the central directory.
struct Entry<'a> {
    flags: u16,
    method: u16,
    crc: u32,
    packed: usize,
    unpacked: usize,
    local: usize,
    name: &'a [u8],
}

impl Entry<'_> {
    /// Folders, and what macOS and Windows leave in them.
    fn is_litter(&self) -> bool {
        let last = self.name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let lower = last.to_ascii_lowercase();
        last.is_empty()
            || last.starts_with(b"._")
            || self.name.starts_with(b"__MACOSX/")
            || matches!(lower.as_slice(), b".ds_store" | b"thumbs.db" | b"desktop.ini")
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u16::from_le_bytes(chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u32::from_le_bytes(chunk))
}

fn usize_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

pub(super) fn decode(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Decoded, DecodeError> {
    let (mut directory, n_files) = directory(bytes)?;
    check_overlaps(directory, n_files, bytes.len())?;
    let mut archive = Archive::default();
    let mut n_read: usize = 0;
    for _ in 0..n_files {
        let (entry, rest) = entry(directory).ok_or_else(|| damaged("its list of files is cut off"))?;
        directory = rest;
        if entry.is_litter() {
            continue;
        }
        let inner = format!("{path}/{}", shown(entry.name));
        n_read = n_read.saturating_add(1);
        let content = match unpack(bytes, &entry, budget) {
            Ok(content) => content,
            Err(error @ (DecodeError::OverBudget { .. } | DecodeError::OverWork { .. })) => return Err(error),
            Err(error) => {
                archive.skipped.push((inner, error));
                continue;
            }
        };
        match super::decode_within(&inner, &content, budget, false) {
            Ok(Decoded::Slice(slice)) => archive.slices.push(*slice),
            Ok(Decoded::Slices(mut slices)) => archive.slices.append(&mut slices),
            Ok(Decoded::Table(table)) => archive.tables.push(table),
            Ok(Decoded::Archive(_)) => {}
            // What fills the budget would do so for every file that follows.
            Err(error @ (DecodeError::OverBudget { .. } | DecodeError::OverWork { .. })) => return Err(error),
            Err(error) => archive.skipped.push((inner, error)),
        }
        budget.give_back(content.len());
    }
    if archive.slices.is_empty() && archive.tables.is_empty() {
        let first = archive.skipped.first().map(|(_, error)| error.to_string()).unwrap_or_default();
        return Err(DecodeError::ZipWithoutImages { files: n_read, first });
    }
    Ok(Decoded::Archive(Box::new(archive)))
}

/// The central directory and the number of its entries (4.3.16).
fn directory(bytes: &[u8]) -> Result<(&[u8], usize), DecodeError> {
    let tail = bytes.len().saturating_sub(END_BYTES);
    let window = bytes.get(tail..).unwrap_or_default();
    let at = window.windows(4).rposition(|four| four == b"PK\x05\x06");
    let end = at.and_then(|at| window.get(at..)).ok_or_else(|| damaged("its list of files is missing"))?;
    let fields = || Some((u16_at(end, 4)?, u16_at(end, 10)?, usize_at(end, 12)?, usize_at(end, 16)?));
    let (disk, n, length, start) = fields().ok_or_else(|| damaged("its list of files is cut off"))?;
    if disk != 0 || n == u16::MAX || start == u32::MAX as usize {
        return Err(damaged("it spans several disks or is a Zip64 archive, which is not read"));
    }
    let n = usize::from(n);
    if n > MAX_FILES {
        return Err(damaged("it holds more files than any study"));
    }
    let directory = bytes.get(start..).and_then(|rest| rest.get(..length));
    Ok((directory.ok_or_else(|| damaged("its list of files lies outside of it"))?, n))
}

/// Refuses an archive whose files share bytes: one megabyte could then be unpacked a thousand times.
fn check_overlaps(mut directory: &[u8], n_files: usize, archive_bytes: usize) -> Result<(), DecodeError> {
    let mut packed: usize = 0;
    for _ in 0..n_files {
        // What is cut off is named by whoever reads the entries.
        let Some((entry, rest)) = entry(directory) else { break };
        directory = rest;
        packed = packed.saturating_add(entry.packed);
    }
    if packed > archive_bytes { Err(damaged("files in it lie over each other")) } else { Ok(()) }
}

/// The next entry of the central directory (4.3.12).
fn entry(directory: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let rest = directory.strip_prefix(b"PK\x01\x02")?;
    let [name, extra, comment] = [u16_at(rest, 24)?, u16_at(rest, 26)?, u16_at(rest, 28)?].map(usize::from);
    let (name, behind) = rest.get(42..)?.split_at_checked(name)?;
    let entry = Entry {
        flags: u16_at(rest, 4)?,
        method: u16_at(rest, 6)?,
        crc: u32_at(rest, 12)?,
        packed: usize_at(rest, 16)?,
        unpacked: usize_at(rest, 20)?,
        local: usize_at(rest, 38)?,
        name,
    };
    Some((entry, behind.get(extra.checked_add(comment)?..)?))
}

/// The content of an entry; the budget has given its size, which the caller gives back.
fn unpack(bytes: &[u8], entry: &Entry<'_>, budget: &mut Budget) -> Result<Vec<u8>, DecodeError> {
    if entry.flags & 1 != 0 {
        return Err(damaged("this file in it is encrypted"));
    }
    if entry.unpacked > MAX_FILE_BYTES {
        return Err(DecodeError::FileTooLarge { bytes: entry.unpacked, limit: MAX_FILE_BYTES });
    }
    let packed = || {
        let local = bytes.get(entry.local..)?.strip_prefix(b"PK\x03\x04")?;
        let skip = usize::from(u16_at(local, 22)?).checked_add(usize::from(u16_at(local, 24)?))?;
        local.get(26_usize.checked_add(skip)?..)?.get(..entry.packed)
    };
    let packed = packed().ok_or_else(|| damaged("this file in it is cut off"))?;
    // Deflate makes at most 1032 bytes of one; a larger claim is none that holds.
    if entry.unpacked > entry.packed.saturating_mul(1040).saturating_add(1024) {
        return Err(damaged("this file in it claims a size that its data cannot have"));
    }
    budget.take("a file of the archive", Some(entry.unpacked))?;
    budget.work("unpacking the archive", entry.unpacked.checked_mul(3).and_then(|n| n.checked_add(FILE_STEPS)))?;
    let content = match entry.method {
        0 => Ok(packed.to_vec()),
        8 => {
            let mut content = Vec::with_capacity(entry.unpacked);
            let limit = u64::try_from(entry.unpacked).unwrap_or(u64::MAX);
            let read = DeflateDecoder::new(packed).take(limit).read_to_end(&mut content);
            read.map(|_| content).map_err(|_| damaged("this file in it is damaged"))
        }
        _ => Err(damaged("this file in it is packed by another method than deflate")),
    };
    let content = content.and_then(|content| {
        let mut crc = Crc::new();
        crc.update(&content);
        let is_whole = content.len() == entry.unpacked && crc.sum() == entry.crc;
        if is_whole { Ok(content) } else { Err(damaged("this file in it is damaged")) }
    });
    if content.is_err() {
        budget.give_back(entry.unpacked);
    }
    content
}

/// A name as it may be shown: the last 120 bytes that print; slashes separate folders.
fn shown(name: &[u8]) -> String {
    let tail = name.get(name.len().saturating_sub(120)..).unwrap_or(name);
    tail.chunks(64).map(printable).collect()
}
