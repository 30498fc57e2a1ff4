//! Gzip files of one or more members (RFC 1952), as bgzip writes them, read to their end.
//!
//! Each member costs its reader a new window, however little it holds, so the number of members is limited by the size of
//! the file.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// Members that any file may have.
const FREE_MEMBERS: usize = 64;

/// Further bytes of the file for each member beyond those; bgzip's members have thousands.
const BYTES_PER_MEMBER: usize = 256;

/// The content of all members, one behind the other.
pub(super) struct Gunzip<'a> {
    /// `None` before the first member, between two, and at the end.
    member: Option<GzDecoder<&'a [u8]>>,
    /// Behind the member that is read.
    rest: &'a [u8],
    members_left: usize,
}

impl<'a> Gunzip<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let members_left = bytes.len().checked_div(BYTES_PER_MEMBER).unwrap_or(0).saturating_add(FREE_MEMBERS);
        Self { member: None, rest: bytes, members_left }
    }
}

impl Read for Gunzip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.member.is_none() {
                // Some writers fill up with zeros behind the last member.
                if self.rest.iter().all(|&byte| byte == 0) {
                    return Ok(0);
                }
                self.members_left = self.members_left.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
                self.member = Some(GzDecoder::new(self.rest));
            }
            let Some(member) = self.member.as_mut() else { return Ok(0) };
            let n = member.read(into)?;
            if n > 0 || into.is_empty() {
                return Ok(n);
            }
            self.rest = self.member.take().map_or(&[], GzDecoder::into_inner);
        }
    }
}
