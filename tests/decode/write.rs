//! Writes small DICOM files, right and wrong ones, byte by byte.

/// Byte order and value representations of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Implicit,
    Explicit,
    Big,
}

pub(crate) const ENCODINGS: [(Encoding, &str); 3] = [
    (Encoding::Implicit, "1.2.840.10008.1.2"),
    (Encoding::Explicit, "1.2.840.10008.1.2.1"),
    (Encoding::Big, "1.2.840.10008.1.2.2"),
];

/// What stands before the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// Preamble, prefix and meta group.
    Part10,
    /// The meta group at once.
    NoPreamble,
    /// Preamble and prefix without a meta group.
    NoMeta,
    /// Nothing.
    Bare,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Word(u16),
    /// Written in the byte order of the data set.
    Words(Vec<u16>),
    Bytes(Vec<u8>),
    /// The whole element, header included, as it is.
    Raw(Vec<u8>),
}

/// A data set as a list of elements, sorted by tag when written.
#[derive(Debug, Clone)]
pub(crate) struct DataSet {
    pub(crate) elements: Vec<(u32, [u8; 2], Value)>,
}

impl DataSet {
    /// A CT slice of 3 rows and 4 columns, 16 bits signed, stored values −6..=5, HU = stored × 2 − 1000.
    pub(crate) fn ct() -> Self {
        let mut set = Self { elements: Vec::new() };
        set.text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
        set.text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2");
        set.text(0x0008_0060, "CS", "CT");
        set.text(0x0018_0050, "DS", "5.0");
        set.text(0x0020_000e, "UI", "1.2.3.4");
        set.text(0x0020_0013, "IS", "7");
        set.text(0x0020_0032, "DS", "-100\\-120.5\\33.25");
        set.text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0");
        set.word(0x0028_0002, 1);
        set.text(0x0028_0004, "CS", "MONOCHROME2");
        set.word(0x0028_0010, 3);
        set.word(0x0028_0011, 4);
        set.text(0x0028_0030, "DS", "0.5\\0.75");
        set.word(0x0028_0100, 16);
        set.word(0x0028_0101, 16);
        set.word(0x0028_0102, 15);
        set.word(0x0028_0103, 1);
        set.text(0x0028_1050, "DS", "40\\-600");
        set.text(0x0028_1051, "DS", "400\\1500");
        set.text(0x0028_1052, "DS", "-1000");
        set.text(0x0028_1053, "DS", "2");
        set.set(0x7fe0_0010, "OW", Value::Words((-6_i16..6).map(i16::cast_unsigned).collect()));
        set
    }

    /// A rescale by which the stored values of this many bits reach air and water.
    pub(crate) fn rescale_for(&mut self, bits_stored: u16, signed: bool) {
        self.text(0x0028_1052, "DS", if signed { "0" } else { "-1024" });
        self.text(0x0028_1053, "DS", if bits_stored <= 8 { "64" } else { "10" });
    }

    pub(crate) fn set(&mut self, tag: u32, vr: &str, value: Value) {
        self.remove(tag);
        self.elements.push((tag, vr.as_bytes().try_into().expect("two letters"), value));
    }

    pub(crate) fn text(&mut self, tag: u32, vr: &str, value: &str) {
        self.set(tag, vr, Value::Text(value.to_owned()));
    }

    pub(crate) fn word(&mut self, tag: u32, value: u16) {
        self.set(tag, "US", Value::Word(value));
    }

    pub(crate) fn remove(&mut self, tag: u32) {
        self.elements.retain(|(known, ..)| *known != tag);
    }

    pub(crate) fn bytes(&self, encoding: Encoding) -> Vec<u8> {
        let mut elements = self.elements.clone();
        elements.sort_by_key(|(tag, ..)| *tag);
        let mut out = Vec::new();
        for (tag, vr, value) in elements {
            let value = match value {
                Value::Text(text) => {
                    let mut bytes = text.into_bytes();
                    if bytes.len() % 2 == 1 {
                        bytes.push(if &vr == b"UI" { 0 } else { b' ' });
                    }
                    bytes
                }
                Value::Word(word) => u16_bytes(encoding, word).to_vec(),
                Value::Words(words) => words.into_iter().flat_map(|word| u16_bytes(encoding, word)).collect(),
                Value::Bytes(bytes) => bytes,
                Value::Raw(bytes) => {
                    out.extend(bytes);
                    continue;
                }
            };
            out.extend(header(encoding, tag, vr, u32::try_from(value.len()).expect("short")));
            out.extend(value);
        }
        out
    }

    /// The whole file under the transfer syntax of `encoding`.
    pub(crate) fn file(&self, encoding: Encoding, container: Container) -> Vec<u8> {
        let uid = ENCODINGS.iter().find(|(e, _)| *e == encoding).expect("every encoding has a UID").1;
        wrap(&self.bytes(encoding), uid, container)
    }

    /// The whole file as most are: explicit VR little endian with preamble.
    pub(crate) fn explicit(&self) -> Vec<u8> {
        self.file(Encoding::Explicit, Container::Part10)
    }
}

/// Puts preamble and meta group before a data set.
pub(crate) fn wrap(data_set: &[u8], transfer_syntax: &str, container: Container) -> Vec<u8> {
    let mut out = Vec::new();
    if matches!(container, Container::Part10 | Container::NoMeta) {
        out.resize(128, 0);
        out.extend(b"DICM");
    }
    if matches!(container, Container::Part10 | Container::NoPreamble) {
        let mut meta = DataSet { elements: Vec::new() };
        meta.set(0x0002_0001, "OB", Value::Bytes(vec![0, 1]));
        meta.text(0x0002_0010, "UI", transfer_syntax);
        // Longer than the 16 characters that the standard allows, as CornerStone's test files have it.
        meta.text(0x0002_0016, "AE", "AN APPLICATION ENTITY TITLE");
        let meta = meta.bytes(Encoding::Explicit);
        out.extend(header(Encoding::Explicit, 0x0002_0000, *b"UL", 4));
        out.extend(u32::try_from(meta.len()).expect("short").to_le_bytes());
        out.extend(meta);
    }
    out.extend(data_set);
    out
}

/// What stands before a value.
pub(crate) fn header(encoding: Encoding, tag: u32, vr: [u8; 2], length: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(u16_bytes(encoding, u16::try_from(tag >> 16).expect("16 bits")));
    out.extend(u16_bytes(encoding, u16::try_from(tag & 0xffff).expect("16 bits")));
    let delimiter = tag >> 16 == 0xfffe;
    let long = matches!(&vr, b"OB" | b"OV" | b"OW" | b"SQ" | b"UN" | b"UT");
    if encoding == Encoding::Implicit || delimiter {
        out.extend(u32_bytes(encoding, length));
    } else if long {
        out.extend(vr);
        out.extend([0, 0]);
        out.extend(u32_bytes(encoding, length));
    } else {
        out.extend(vr);
        out.extend(u16_bytes(encoding, u16::try_from(length).expect("a short form")));
    }
    out
}

fn u16_bytes(encoding: Encoding, value: u16) -> [u8; 2] {
    if encoding == Encoding::Big { value.to_be_bytes() } else { value.to_le_bytes() }
}

fn u32_bytes(encoding: Encoding, value: u32) -> [u8; 4] {
    if encoding == Encoding::Big { value.to_be_bytes() } else { value.to_le_bytes() }
}
