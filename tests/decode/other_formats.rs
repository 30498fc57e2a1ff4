//! Files that are neither: known formats are refused by name, the rest as unknown.

use lesionlens::decode::MAX_FILE_BYTES;

use crate::refusal;

#[test]
fn known_formats_are_refused_by_name() {
    let nifti = |magic: &[u8]| [&[0x5c, 1, 0, 0][..], &[0; 340], magic].concat();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("a NIfTI-1 header", nifti(b"ni1\0"), "NIfTI-1"),
        ("a NIfTI-2 header", b"\x1c\x02\0\0ni2\0\r\n\x1a\n".to_vec(), "NIfTI-2"),
        ("a BigTIFF", b"II+\0\x08\0\0\0".to_vec(), "BigTIFF"),
        ("gzip", b"\x1f\x8b\x08\0".to_vec(), "gzip"),
        ("bzip2", b"BZh91AY".to_vec(), "bzip2"),
        ("JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), "JPEG"),
        ("JPEG 2000", b"\xff\x4f\xff\x51\0\x29".to_vec(), "JPEG 2000"),
        ("PDF", b"%PDF-1.7\n".to_vec(), "PDF"),
    ];
    for (what, bytes, name) in cases {
        let error = refusal(what, bytes);
        assert_eq!(error.code(), "UnsupportedFormat", "{what}");
        assert!(error.to_string().contains(name), "{what}: {error}");
    }
}

#[test]
fn anything_else_is_unknown_whatever_its_name_says() {
    for (what, bytes) in [
        ("notes.txt", &b"Dear colleague,\nhere are the slices.\n"[..]),
        ("page.html", b"<!doctype html><title>x</title>"),
        ("data.json", b"{\"a\": 1, \"b\": 2}"),
        ("slice.dcm", b"not a slice at all, nor a table"),
        ("slice.png", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("one.dcm", &[8]),
    ] {
        assert_eq!(refusal(what, bytes).code(), "UnknownFormat", "{what}");
    }
}

#[test]
fn empty_and_enormous_files_are_refused_as_such() {
    assert_eq!(refusal("empty.dcm", &[]).code(), "EmptyFile");
    assert_eq!(refusal("huge.dcm", &vec![0; MAX_FILE_BYTES + 1]).code(), "FileTooLarge");
}
