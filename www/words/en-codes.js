// @ts-check
/**
 * English for every code: of problems, of the order of slices, of notes on a series, of where a spacing comes from, of
 * types of lesions. The page's own codes are in CONTRIBUTING.md; the others are those of the WebAssembly module, which
 * reports a code with numbers and names, and no sentence. Reasons inside of a damaged file stay as its reader words them.
 */

/** @import { Advice, DecodeError, ForeignFormat, LesionType, ModelError, Note, OrderRule, SpacingSource, StudyError } from "lesionlens" */
/** @import { Said, Sentence, Sentences } from "./index.js" */
import { formats } from "./formats.js";

const f = formats("en");
const SLICES = { one: "slice", other: "slices" };
const FRAMES = { one: "frame", other: "frames" };
const BYTES = { one: "byte", other: "bytes" };
const AGAIN = "Copy it again from where it came.";
const EXPORT = "Export it again.";
const UNCOMPRESSED = "Export it uncompressed (Explicit VR Little Endian).";
const ANEW = "It was started anew; the other files go on.";

/** A sentence with what the program says behind it. @param {string} sentence @param {string} cause */
const because = (sentence, cause) => (cause ? `${sentence} (${cause})` : sentence);

/** Why the page did not start. @type {Record<string, Sentence>} */
const starting = {
  InsecureContext: () =>
    "The page must check its own files by SHA-256, and browsers offer that only on https: or on localhost. Open the page through one of these.",
  BrowserTooOld: (d) =>
    `This browser lacks something the page needs: ${d.missing}. A current Chromium, Firefox or Safari has it.`,
  BuildMissing: () =>
    "The page was served without being built: its list of files is missing. Build it with “cargo xtask web” and serve dist/.",
  DownloadFailed: (d, cause) =>
    "One of the page's files could not be fetched. Reload the page to try again. " +
    `${d.path}: ${d.status === undefined ? cause : `the server answered ${f.plain(d.status)}`}.`,
  IntegrityMismatch: (d) =>
    "One of the page's files is not the one this page was built with, so nothing was started. Reload the page; if this stays, whoever serves it should publish all its files together. " +
    (d.expected_bytes === undefined
      ? `${d.path}: SHA-256 is ${d.found}, expected ${d.expected}.`
      : `${d.path}: ${f.count(d.found_bytes, BYTES)}, expected ${f.integer(d.expected_bytes)}.`),
  StyleMismatch: (d) =>
    `The page's style sheet did not arrive, or is not the one this page was built with, so nothing was started. Reload the page; if this stays, whoever serves it should publish all its files together. ${d.path}.`,
  LockFailed: (d) =>
    `The page tried to reach the network after giving it up, and was not refused, so it takes no files. A current Chromium, Firefox or Safari refuses. Open: ${d.ways}.`,
  WasmRefused: (_, cause) => because("This browser refused the WebAssembly module.", cause),
};

/** Problems with a worker, by what it was busy with. @type {Record<string, Record<string, Sentence>>} */
const workers = {
  WorkerTrap: {
    start: (_, cause) => because("The worker stopped while it was starting.", cause),
    read: (_, cause) => because(`The decoder stopped on this file. ${ANEW}`, cause),
    arrange: (_, cause) => because("The files could not be put in order.", cause),
    draw: (_, cause) => because("This slice could not be drawn. The decoder was started anew.", cause),
    search: (_, cause) =>
      because("The detector stopped on this slice. It was started anew; the other slices go on.", cause),
  },
  WorkerTimeout: {
    start: () => "The worker did not start in time.",
    read: () => `This file took longer than 20 seconds. The decoder was started anew; the other files go on.`,
    arrange: () => "Putting the files in order took longer than 20 seconds.",
    draw: () => "Drawing this slice took longer than 20 seconds. The decoder was started anew.",
    search: () =>
      "The detector took longer than 20 seconds on this slice. It was started anew; the other slices go on.",
  },
};

/** Problems that the page finds by itself. @type {Record<string, Sentence>} */
const page = {
  FileUnreadable: () => "The browser could not read this file.",
  FileReadTimeout: () => "This file did not answer within a minute. Copy it from its drive and add the copy.",
  FolderUnreadable: () =>
    "The browser could not list this folder to its end, so files may be missing. Copy the folder and add the copy.",
  MemoryFull: () => "No room left: the decoder's memory is full with the slices read so far.",
  DetectionStopped: () =>
    "The detector stopped on several slices and was not started again for this study. The slices can still be viewed.",
  FilesSkipped: (d) =>
    `${f.count(d.n_files, { one: "file in folders or archives is", other: "files in folders or archives are" })} ` +
    `no CT image and no DL_info.csv, and ${f.form(d.n_files, { one: "was", other: "were" })} skipped.`,
  Unexpected: (_, cause) => because("Something unexpected happened.", cause),
};

/** Why the model cannot be used, or the study not be searched. @type {Sentences<ModelError | StudyError>} */
const models = {
  ModelSpecSyntax: (_, cause) => because("The description of the detector model cannot be read.", cause),
  ModelSpecValue: (d) => because("The description of the detector model contradicts itself.", d.reason),
  ModelSha256: () =>
    "The detector model is not the file that its description names, so it was not loaded. Whoever serves the page should publish model and description together.",
  ModelEngine: (_, cause) => because("The detector model cannot be run.", cause),
  ModelOutputShape: (_, cause) => because("The detector model gives other outputs than its description says.", cause),
  NoSuchSlice: () => "This slice is no longer there.",
  NoSuchInput: () => "The study was put in order anew while this slice was searched.",
  NotSearchable: () => "This slice has no Hounsfield units, so it is shown and not searched.",
};

/** Formats that are known and not read, with their article. @type {Record<ForeignFormat, string>} */
const formatNames = {
  Gzip: "a gzip file that holds no NIfTI volume",
  EmptyZip: "an empty zip archive",
  NestedZip: "a zip archive inside of another",
  SevenZip: "a 7z archive",
  Rar: "a RAR archive",
  Bzip2: "a bzip2 file",
  Xz: "an xz file",
  Zstandard: "a zstandard file",
  Nifti1Header: "a NIfTI-1 header whose samples are in another file",
  Nifti2Header: "a NIfTI-2 header whose samples are in another file",
  NrrdHeader: "an NRRD header whose samples are in another file",
  NrrdEncoding: "an NRRD volume in text, hexadecimal or bzip2",
  MetaImage: "a MetaImage header",
  Hdf5: "an HDF5 file",
  BigTiff: "a BigTIFF image",
  JpegLs: "a JPEG-LS image",
  Jpeg: "a JPEG picture",
  Jpeg2000: "a JPEG 2000 image",
  Gif: "a GIF picture",
  Bmp: "a BMP picture",
  WebP: "a WebP picture",
  Pdf: "a PDF document",
};

/** What to do about them. @type {Record<Advice, string>} */
const advice = {
  Unpack: "Unpack it and add the images in it.",
  AddDicom: "Add the DICOM CT images that it was made from.",
  NoHounsfield: "It holds no Hounsfield units: add the DICOM CT image or the 16-bit PNG.",
  SaveWhole: "Save it as one file, header and samples together.",
  SaveRaw: "Save it in the encoding raw or gzip.",
};

/** Why a file was refused. @type {Sentences<DecodeError>} */
const files = {
  EmptyFile: () => `The file is empty. ${AGAIN}`,
  FileTooLarge: (d) =>
    `The file has ${f.count(d.bytes, BYTES)}, and the decoder takes at most ${f.integer(d.limit)}. Add single CT images instead of one large file.`,
  OverBudget: () =>
    "Reading this file would take more memory than one file may have: it is damaged, or holds more than fits into the page. Add it in parts.",
  OverWork: (d) =>
    `This file is damaged, or made to keep a reader busy: ${d.what} would take longer than one file may. Leave it out.`,
  ImageTooLarge: (d) =>
    `This image has ${f.integer(d.cols)} × ${f.integer(d.rows)} pixels, more than any CT image. Export it in its own size.`,
  ImplausibleSize: (d) =>
    `The pixels of this image are ${f.any(d.x_mm)} × ${f.any(d.y_mm)} mm large, and ${f.integer(d.cols)} × ${f.integer(d.rows)} of them are no field of view of a CT. Export it again with its spacing in mm.`,
  UnknownFormat: () =>
    "This is not a format that Lesionlens knows. Add DICOM CT images, a NIfTI or NRRD volume, or 16-bit PNG slices with DL_info.csv.",
  UnsupportedFormat: (d) => `This is ${formatNames[d.format]}, which Lesionlens does not read. ${advice[d.advice]}`,
  PngNot16Bit: (d) =>
    `This PNG has ${f.plain(d.bits)}-bit samples in colour or below 8 bits: it is a picture of a slice whose Hounsfield units are lost. Add the 16-bit PNG or the DICOM file.`,
  PngNotGreyscale: (d) =>
    `This PNG is ${d.found}, and a CT slice is plain greyscale. Add the 16-bit greyscale PNG or the DICOM file.`,
  PngDamaged: (d) => `This PNG is damaged (${d.reason}). ${AGAIN}`,
  TiffNotGreyscale: (d) =>
    `This TIFF is ${d.found}, and a CT slice is 16-bit greyscale. Add the 16-bit TIFF or the DICOM file.`,
  TiffDamaged: (d) => `This TIFF cannot be read (${d.reason}). Save it again, or add the DICOM file.`,
  VolumeDamaged: (d) => `This ${d.format} volume cannot be read: ${d.reason}. Save it again as one CT volume.`,
  VolumeTruncated: (d) =>
    `This volume ends too early: ${f.integer(d.whole)} of its ${f.count(d.planes, { one: "plane", other: "planes" })} ${f.form(d.whole, { one: "is", other: "are" })} whole. ${AGAIN}`,
  VolumeNotFinite: () =>
    "This volume holds values that are infinite or no numbers. Save it again with Hounsfield units in all of it.",
  BadVolumePlace: (d) =>
    `The place of this volume in the patient cannot be used: ${d.reason}. Save it again with a valid orientation.`,
  ZipDamaged: (d) => `This zip archive cannot be read: ${d.reason}. Unpack it and add the images in it.`,
  ZipWithoutImages: (d) =>
    `None of the ${f.count(d.files, { one: "file", other: "files" })} in this zip archive is a CT image or DL_info.csv.`,
  CsvNotDlInfo: (d) => `This table has no column ${d.missing}, so it is not DeepLesion's DL_info.csv. Leave it out.`,
  CsvBadCell: (d) =>
    `Line ${f.plain(d.line)} of this table: ${d.column} holds “${d.found}”, expected ${d.expected}. Correct the cell or empty it.`,
  CsvDamaged: (d) => `This table cannot be read as CSV (${d.reason}). Save it again as CSV in UTF-8.`,
  DicomTruncated: (d) =>
    `This DICOM file ends too early: at byte ${f.plain(d.offset)} it announces ${f.count(d.needed, BYTES)}, and ${f.integer(d.left)} ${f.form(d.left, { one: "is", other: "are" })} left. ${AGAIN}`,
  DicomDamaged: (d) => `This DICOM file is damaged: at byte ${f.plain(d.offset)}, ${d.reason}. ${AGAIN}`,
  DicomTooDeep: (d) =>
    `This DICOM file nests sequences deeper than ${f.integer(d.limit)} levels, which no CT image does. Leave it out.`,
  DeflateDamaged: (d) => `The compressed data set of this DICOM file is damaged (${d.reason}). ${AGAIN}`,
  UnsupportedTransferSyntax: (d) =>
    `The pixels of this DICOM file are stored as ${d.name} (transfer syntax ${d.uid}), which Lesionlens does not read. ${UNCOMPRESSED}`,
  PixelsContradictSyntax: (d) =>
    `The transfer syntax of this DICOM file, ${d.name} (${d.uid}), contradicts the way its pixels are stored. ${EXPORT}`,
  NotCtImage: (d) => `This DICOM file is not a CT image but ${d.found}. Add the CT images of the study.`,
  Localizer: () => "This is a localizer (scout view), no slice through the body. Leave it out.",
  MultiFrame: (d) =>
    `This DICOM file holds ${f.count(d.frames, FRAMES)} without saying where each lies. Export the series as single CT images or as Enhanced CT.`,
  NoPixelData: () => "This DICOM file has no pixel data (7FE0,0010). Export it again with its image.",
  MissingAttribute: (d) =>
    `This DICOM file lacks ${d.name} (${d.tag}), without which its pixels cannot be trusted. ${EXPORT}`,
  BadAttribute: (d) => `${d.name} (${d.tag}) of this DICOM file is “${d.found}”, expected ${d.expected}. ${EXPORT}`,
  NotGreyscale: (d) =>
    `This DICOM image has ${f.plain(d.samples)} samples per pixel in ${d.photometric}, and a CT slice has 1 in MONOCHROME2: it is a picture without Hounsfield units. Leave it out.`,
  UnsupportedBitsAllocated: (d) =>
    `This DICOM image stores pixels in ${f.plain(d.found)} bits (BitsAllocated), expected 8, 16 or 32. ${EXPORT}`,
  BadBitsStored: (d) =>
    `BitsStored of this DICOM image is ${f.plain(d.found)}, expected 1 to ${f.plain(d.allocated)}. ${EXPORT}`,
  BadHighBit: (d) =>
    `HighBit of this DICOM image is ${f.plain(d.found)}, expected ${f.plain(d.expected)} (BitsStored − 1). ${EXPORT}`,
  PixelDataLength: (d) =>
    `This DICOM image holds ${f.count(d.found, BYTES)} of pixels, expected ${f.integer(d.expected)} from its size. ${AGAIN}`,
  StoredValueTooLarge: () =>
    `This image holds values of ${f.integer(2 ** 31)} and more, so it is no CT image. ${EXPORT}`,
  FrameDamaged: (d) => `The ${d.codec} pixels of this DICOM file are damaged: ${d.reason}. ${AGAIN}`,
  FrameUnsupported: (d) =>
    `The ${d.codec} pixels of this DICOM file are ${d.what}, which Lesionlens does not read. ${UNCOMPRESSED}`,
  FrameContradictsHeader: (d) =>
    `The ${d.codec} pixels of this DICOM file are ${d.found}, expected ${d.expected} from its header. ${EXPORT}`,
  PrecisionContradictsHeader: (d) =>
    `The compressed pixels of this DICOM file have ${f.plain(d.precision)} bits and use them, expected ${f.plain(d.bits_stored)} (BitsStored). ${EXPORT}`,
  FragmentsContradictFrames: (d) =>
    `This DICOM file holds ${f.count(d.fragments, { one: "fragment", other: "fragments" })} for ${f.count(d.frames, FRAMES)} and no table that says which belong together. Export it uncompressed.`,
  OffsetTableContradictsFragments: (d) =>
    `The offset table of this DICOM file has ${f.count(d.offsets, { one: "entry", other: "entries" })} for ${f.count(d.frames, FRAMES)}, or points beside the fragments. ${EXPORT}`,
  SignContradictsHeader: () =>
    `The compressed pixels of this DICOM file have a sign, and its header says that they have none: values below 0 would be large ones. ${EXPORT}`,
  FrameGroupsContradict: (d) =>
    `The functional groups of this DICOM file contradict each other: ${d.reason}. ${EXPORT}`,
  FrameGroupsMissing: (d) =>
    `This DICOM file says of only ${f.integer(d.groups)} of its ${f.count(d.frames, FRAMES)} where they lie. ${EXPORT}`,
  BadModalityLut: (d) =>
    `The modality LUT of this DICOM file cannot be used: ${d.reason}. Export it with a rescale slope.`,
  PaddingCoversImage: (d) =>
    `The padding values of this DICOM image, ${f.any(d.first)} to ${f.any(d.last)}, cover what the scan shows, which would turn to air. ${EXPORT}`,
  BadRescale: (d) =>
    `RescaleSlope ${f.any(d.slope)} and RescaleIntercept ${f.any(d.intercept)} give no Hounsfield units. ${EXPORT}`,
  OutOfReach: (d) =>
    `The ${f.plain(d.bits_stored)} stored bits of this DICOM image reach from ${f.any(d.low)} to ${f.any(d.high)} HU, which leaves out air (−1000 HU) or water (0 HU): its rescale is not that of its pixels. ${EXPORT}`,
  OtherQuantity: (d) =>
    `ImageType of this DICOM image says ${d.found}: it is a map of another quantity than Hounsfield units. Leave it out.`,
  NotHounsfield: (d) =>
    `This image declares its values as “${d.found}”, expected HU: they are no Hounsfield units. Leave it out.`,
};

/** How the slices of a series were ordered. @type {Said<OrderRule>} */
const rules = {
  ImagePosition: () => "Ordered by ImagePositionPatient along the slice normal.",
  VolumePlane: () => "Planes of a volume, in the volume's own order.",
  InstanceNumber: () => "Ordered by InstanceNumber, because the files do not all give a position of their own.",
  NameNumber: (d) =>
    d.step_mm === null
      ? "Ordered by the slice number in the file name; the distance between slices is unknown."
      : `Ordered by the slice number in the file name; DL_info puts numbers ${f.any(d.step_mm)} mm apart.`,
  FileName: () => "Ordered by file name, because the files do not all give a position or number of their own.",
};

/** What a reader of a series should know. Slices are counted from 1. @type {Said<Note>} */
const notes = {
  Gaps: (d) => {
    const there = `There ${f.form(d.n_gaps, { one: "is", other: "are" })} ${f.count(d.n_gaps, { one: "gap", other: "gaps" })}`;
    const between = `the first is between slices ${f.plain(d.after_idx + 1)} and ${f.plain(d.after_idx + 2)}`;
    return d.unit === "mm"
      ? `${there} in this series; ${between}: ${f.tenths(d.distance)} mm instead of ${f.tenths(d.usual)} mm.`
      : `${there} in the numbers of this series; ${between}: a step of ${f.any(d.distance)} instead of ${f.any(d.usual)}.`;
  },
  Duplicates: (d) =>
    `${f.count(d.n_slices, { one: "slice lies at the same position as the one before it", other: "slices lie at the same position as the one before them" })}.`,
  MixedSpacing: (d) =>
    `The pixel spacing of ${f.count(d.n_slices, SLICES)} is missing or differs from the rest of this series.`,
  ImplausibleHounsfield: (d) =>
    `Not HU: the values of this series do not lie as those of a CT (air, lung and fat ${f.hundreds(d.dark)} %, soft tissue ${f.hundreds(d.tissue)} %, bone ${f.hundreds(d.bright)} %, beyond all of them ${f.hundreds(d.beyond)} %), whatever its files say. It is shown and not searched.`,
  ImplausibleSize: (d) =>
    `Not searched: by its pixel spacing this image would be ${f.integer(d.width_mm)} × ${f.integer(d.height_mm)} mm large, which is no field of view of a CT.`,
  NotHounsfield: () =>
    "Not HU: these are 8-bit pictures, whose Hounsfield units are lost. They are shown and not searched.",
  Tilted: (d) =>
    `The gantry was tilted by ${f.tenths(d.degrees)} degrees: each slice is right by itself, and positions in the stack are measured along the normal of the slices.`,
  TableOfOtherImages: (d) =>
    `${f.count(d.n_rows, { one: "row of DL_info belongs to an image of another size and was left out", other: "rows of DL_info belong to images of another size and were left out" })}.`,
};

/** Where the spacing of a series comes from. @type {Record<SpacingSource, string>} */
const spacingSources = {
  PixelSpacing: "PixelSpacing",
  VolumeHeader: "volume header",
  DL_info: "DL_info",
  assumed: "assumed",
};

/** DeepLesion's coarse types. @type {Record<LesionType, string>} */
const types = {
  bone: "bone",
  abdomen: "abdomen",
  mediastinum: "mediastinum",
  liver: "liver",
  lung: "lung",
  kidney: "kidney",
  "soft tissue": "soft tissue",
  pelvis: "pelvis",
};

export const codes = {
  problems: { ...starting, ...page, ...models, ...files },
  workers,
  rules,
  notes,
  spacingSources,
  types,
  formatNames,
  advice,
};
