/** Writes a small DICOM CT image, explicit VR little endian, with texts of the caller's in it (PS3.5, section 7.1.2). */

const LONG = new Set(["OB", "OW", "UN", "UT"]);
const encode = {
  US: (value) => Buffer.from(Uint16Array.of(value).buffer),
  SS: (value) => Buffer.from(Int16Array.of(value).buffer),
  OW: (value) => Buffer.from(value.buffer),
};

function element([group, number, vr, value]) {
  const text = (encode[vr] ?? ((text) => Buffer.from(text, "latin1")))(value);
  const bytes = text.length % 2 ? Buffer.concat([text, Buffer.from(vr === "UI" ? "\0" : " ")]) : text;
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

/** A disc of water in air, `SIZE` squared. */
const SIZE = 128;
function pixels() {
  const values = new Int16Array(SIZE * SIZE).fill(-1000);
  for (let i = 0; i < values.length; i++) {
    const [x, y] = [(i % SIZE) - SIZE / 2, Math.floor(i / SIZE) - SIZE / 2];
    if (x * x + y * y < (SIZE / 3) ** 2) values[i] = 40;
  }
  return values;
}

/** Attributes that hold text about a person, a place or a device. */
const TEXTS = [
  [0x0008, 0x0050, "SH"], // AccessionNumber
  [0x0008, 0x0070, "LO"], // Manufacturer
  [0x0008, 0x0080, "LO"], // InstitutionName
  [0x0008, 0x0081, "ST"], // InstitutionAddress
  [0x0008, 0x0090, "PN"], // ReferringPhysicianName
  [0x0008, 0x1010, "SH"], // StationName
  [0x0008, 0x1030, "LO"], // StudyDescription
  [0x0008, 0x103e, "LO"], // SeriesDescription
  [0x0008, 0x1050, "PN"], // PerformingPhysicianName
  [0x0008, 0x1070, "PN"], // OperatorsName
  [0x0010, 0x0010, "PN"], // PatientName
  [0x0010, 0x0020, "LO"], // PatientID
  [0x0010, 0x1040, "LO"], // PatientAddress
  [0x0010, 0x4000, "LT"], // PatientComments
  [0x0018, 0x0015, "CS"], // BodyPartExamined
  [0x0018, 0x1030, "LO"], // ProtocolName
  [0x0020, 0x0010, "SH"], // StudyID
  [0x0020, 0x4000, "LT"], // ImageComments
];

/**
 * @param {object} options
 * @param {string} options.text stands in every attribute that holds text
 * @param {number} options.slice from 0
 * @param {string} [options.modality] `CT`, or what the decoder refuses
 * @returns {Buffer}
 */
export function dicom({ text, slice, modality = "CT" }) {
  const syntax = "1.2.840.10008.1.2.1";
  const storage = "1.2.840.10008.5.1.4.1.1.2";
  const uid = `2.25.7101.${slice + 1}`;
  const meta = [
    [0x0002, 0x0002, "UI", storage],
    [0x0002, 0x0003, "UI", uid],
    [0x0002, 0x0010, "UI", syntax],
  ].map(element);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.concat(meta).length);
  const groupLength = Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from("UL"), Buffer.from([4, 0]), length]);
  const data = [
    [0x0008, 0x0016, "UI", storage],
    [0x0008, 0x0018, "UI", uid],
    [0x0008, 0x0060, "CS", modality],
    [0x0020, 0x000d, "UI", "2.25.7101.900"],
    [0x0020, 0x000e, "UI", "2.25.7101.901"],
    [0x0020, 0x0013, "IS", String(slice + 1)],
    [0x0020, 0x0032, "DS", `0\\0\\${5 * slice}`],
    [0x0020, 0x0037, "DS", "1\\0\\0\\0\\1\\0"],
    [0x0028, 0x0002, "US", 1],
    [0x0028, 0x0004, "CS", "MONOCHROME2"],
    [0x0028, 0x0010, "US", SIZE],
    [0x0028, 0x0011, "US", SIZE],
    [0x0028, 0x0030, "DS", "0.8\\0.8"],
    [0x0028, 0x0100, "US", 16],
    [0x0028, 0x0101, "US", 16],
    [0x0028, 0x0102, "US", 15],
    [0x0028, 0x0103, "US", 1],
    [0x0028, 0x1052, "DS", "0"],
    [0x0028, 0x1053, "DS", "1"],
    [0x7fe0, 0x0010, "OW", pixels()],
    ...TEXTS.map((attribute) => [...attribute, text]),
  ];
  data.sort((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]));
  return Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), groupLength, ...meta, ...data.map(element)]);
}
