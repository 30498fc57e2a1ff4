//! DeepLesion's table `DL_info.csv`: lesions, spacing and windows of PNG slices (Yan et al., J Med Imaging 2018, and
//! the readme that NIH ships with the images).
//!
//! In: CSV with DeepLesion's column names, in any order; cells with several numbers are quoted. Out: one [`DlRow`] per
//! row. A source that lacks a fact leaves the cell empty, and it is `None` here. The readme leaves two things open:
//! boxes are 1-based and inclusive, so `x0, y0, x1, y1` become the half-open edges `[x0 − 1, y0 − 1, x1, y1)`, here and
//! nowhere else; and `Image_size` is columns, then rows, as the images themselves show.

use super::DecodeError;
use super::budget::Budget;
use super::error::printable;
use crate::detection::{LesionType, Truth};
use crate::geometry::{BBox, PIXEL_MM, Spacing};
use crate::hounsfield::Window;

/// The rows of a `DL_info.csv`, one per marked lesion, in the file's order.
#[derive(Debug, Clone, PartialEq)]
pub struct DlInfo {
    rows: Vec<DlRow>,
}

/// One row: a key slice and at most one lesion on it. What a cell leaves empty is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct DlRow {
    /// Name of the key slice's file, `000001_01_01_109.png`.
    pub file_name: String,
    /// `<patient>_<study>_<series>` of that name, `000001_01_01`.
    pub series_id: String,
    /// Slice number of that name, 109.
    pub slice_number: i64,
    /// Patient index: `Patient_index`, or the first part of the file name. The folds and bootstraps of an evaluation
    /// never split a patient.
    pub patient: u32,
    /// The marked lesion, its box half-open in image pixels.
    pub truth: Option<Truth>,
    /// In-plane spacing and distance between slices.
    pub spacing: Option<Spacing>,
    /// Size of the image in pixels, `(cols, rows)`.
    pub image_size: Option<(usize, usize)>,
    /// Centre of the lesion relative to the body, x, y, z, about 0..=1.
    pub normalized_location: Option<[f32; 3]>,
    /// Display window that the reader used.
    pub window: Option<Window>,
    /// First and last number of the slices that DeepLesion ships around the key slice.
    pub slice_range: Option<(i64, i64)>,
    /// The official split.
    pub split: Option<Split>,
}

/// DeepLesion's official split by patient, numbered 1 to 3 in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// 1
    Train,
    /// 2
    Validation,
    /// 3
    Test,
}

impl DlInfo {
    /// The rows in the file's order.
    #[must_use]
    pub fn rows(&self) -> &[DlRow] {
        &self.rows
    }

    /// Reads a table; refuses one without DeepLesion's columns, and every cell that holds something else than it
    /// should.
    pub(super) fn parse(bytes: &[u8], budget: &mut Budget) -> Result<Self, DecodeError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // One record can be as long as the file.
        budget.take("the table", Some(bytes.len()))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let columns = Columns::find(reader.byte_headers().map_err(|e| damaged(&e))?)?;
        let mut rows = Vec::new();
        let mut record = csv::ByteRecord::new();
        let (mut line, mut rest) = (1_u64, bytes);
        let mut counted = 0_u64;
        while reader.read_byte_record(&mut record).map_err(|e| damaged(&e))? {
            // The reader's own line numbers are one short where lines end in CR LF: a record then starts at the LF.
            let start = record.position().map_or(0, csv::Position::byte).saturating_add(1);
            let step = usize::try_from(start.saturating_sub(counted)).unwrap_or(usize::MAX);
            let (before, behind) = rest.split_at_checked(step).unwrap_or((rest, &[]));
            line = before.iter().filter(|&&byte| byte == b'\n').fold(line, |line, _| line.saturating_add(1));
            (rest, counted) = (behind, start);

            budget.take("the table", size_of::<DlRow>().checked_mul(2))?;
            rows.push(columns.row(&record, line)?);
        }
        Ok(Self { rows })
    }
}

/// Splits a DeepLesion name into series and slice number: `…/000001_01_01/109.png` and `…/000001_01_01_109.png` both
/// give `("000001_01_01", 109)`; any other name gives `None`.
#[must_use]
pub fn parse_name(path: &str) -> Option<(String, i64)> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, ending) = name.rsplit_once('.')?;
    if !ending.eq_ignore_ascii_case("png") {
        return None;
    }
    let (series, number) = match stem.rsplit_once('_') {
        Some(parts) => parts,
        None => (folders.rsplit('/').next()?, stem),
    };
    let number = digits(number, 1..=6)?;
    let mut parts = series.split('_');
    let is_series = digits(parts.next()?, 6..=6).is_some()
        && digits(parts.next()?, 2..=2).is_some()
        && digits(parts.next()?, 2..=2).is_some()
        && parts.next().is_none();
    is_series.then(|| (series.to_owned(), number))
}

/// `<patient>_<study>` of a `<patient>_<study>_<series>`.
#[must_use]
pub fn study_of(series_id: &str) -> Option<&str> {
    series_id.rsplit_once('_').map(|(study, _)| study)
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Where each column stands; a column that is not there counts as empty.
struct Columns {
    file_name: usize,
    boxes: usize,
    patient: Option<usize>,
    diameters: Option<usize>,
    location: Option<usize>,
    lesion_type: Option<usize>,
    noisy: Option<usize>,
    slice_range: Option<usize>,
    spacing: Option<usize>,
    image_size: Option<usize>,
    windows: Option<usize>,
    split: Option<usize>,
}

impl Columns {
    fn find(header: &csv::ByteRecord) -> Result<Self, DecodeError> {
        let find = |name: &str| header.iter().position(|cell| cell == name.as_bytes());
        let need = |name: &'static str| find(name).ok_or(DecodeError::CsvNotDlInfo { missing: name });
        Ok(Self {
            file_name: need("File_name")?,
            boxes: need("Bounding_boxes")?,
            patient: find("Patient_index"),
            diameters: find("Lesion_diameters_Pixel_"),
            location: find("Normalized_lesion_location"),
            lesion_type: find("Coarse_lesion_type"),
            noisy: find("Possibly_noisy"),
            slice_range: find("Slice_range"),
            spacing: find("Spacing_mm_px_"),
            image_size: find("Image_size"),
            windows: find("DICOM_windows"),
            split: find("Train_Val_Test"),
        })
    }

    fn row(&self, record: &csv::ByteRecord, line: u64) -> Result<DlRow, DecodeError> {
        let cell = |column, position: Option<usize>| {
            let bytes = position.and_then(|at| record.get(at)).unwrap_or_default();
            Cell { bytes, column, line }
        };

        let name = cell("File_name", Some(self.file_name));
        let file_name = printable(name.bytes);
        let (series_id, slice_number) =
            parse_name(&file_name).ok_or_else(|| name.bad("a name such as 000001_01_01_109.png"))?;

        let patient = cell("Patient_index", self.patient);
        let patient_of_name = || series_id.split('_').next().and_then(|digits| digits.parse().ok());
        let patient = match patient.one::<u32>("a whole number")? {
            Some(index) => index,
            None => patient_of_name().ok_or_else(|| patient.bad("a whole number"))?,
        };

        let boxes = cell("Bounding_boxes", Some(self.boxes));
        let four = "four numbers x0, y0, x1, y1 with x0 <= x1 and y0 <= y1";
        let box_px = match boxes.numbers::<4>(four)? {
            Some([x0, y0, x1, y1]) if x0 <= x1 && y0 <= y1 => Some(BBox { x0: x0 - 1.0, y0: y0 - 1.0, x1, y1 }),
            Some(_) => return Err(boxes.bad(four)),
            None => None,
        };
        let diameters = cell("Lesion_diameters_Pixel_", self.diameters).numbers::<2>("two numbers, long and short")?;
        let lesion_type = cell("Coarse_lesion_type", self.lesion_type).one::<i32>("a number from 1 to 8, or -1")?;
        let noisy = cell("Possibly_noisy", self.noisy);
        let noisy = match noisy.one::<u8>("0 or 1")? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => return Err(noisy.bad("0 or 1")),
        };

        Ok(DlRow {
            truth: box_px.map(|box_px| Truth {
                box_px,
                long_px: diameters.map(|[long, _]| long),
                short_px: diameters.map(|[_, short]| short),
                lesion_type: lesion_type.and_then(LesionType::from_number),
                noisy,
            }),
            spacing: cell("Spacing_mm_px_", self.spacing).spacing()?,
            image_size: cell("Image_size", self.image_size).image_size()?,
            normalized_location: cell("Normalized_lesion_location", self.location).numbers("three numbers x, y, z")?,
            window: cell("DICOM_windows", self.windows).window()?,
            slice_range: cell("Slice_range", self.slice_range).slice_range()?,
            split: cell("Train_Val_Test", self.split).split()?,
            file_name,
            series_id,
            slice_number,
            patient,
        })
    }
}

/// One cell with what an error about it needs.
struct Cell<'a> {
    bytes: &'a [u8],
    column: &'static str,
    line: u64,
}

impl Cell<'_> {
    fn bad(&self, expected: &'static str) -> DecodeError {
        DecodeError::CsvBadCell { line: self.line, column: self.column, expected, found: printable(self.bytes) }
    }

    /// Exactly `N` values between commas; `None` for an empty cell.
    fn list<T: std::str::FromStr + Copy, const N: usize>(
        &self,
        expected: &'static str,
    ) -> Result<Option<[T; N]>, DecodeError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let values = std::str::from_utf8(self.bytes).ok().and_then(|text| {
            let values = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<Vec<T>>>()?;
            <[T; N]>::try_from(values).ok()
        });
        values.map(Some).ok_or_else(|| self.bad(expected))
    }

    fn one<T: std::str::FromStr + Copy>(&self, expected: &'static str) -> Result<Option<T>, DecodeError> {
        Ok(self.list::<T, 1>(expected)?.map(|[value]| value))
    }

    /// `N` finite numbers.
    fn numbers<const N: usize>(&self, expected: &'static str) -> Result<Option<[f32; N]>, DecodeError> {
        match self.list::<f32, N>(expected)? {
            Some(values) if values.iter().any(|value| !value.is_finite()) => Err(self.bad(expected)),
            values => Ok(values),
        }
    }

    fn spacing(&self) -> Result<Option<Spacing>, DecodeError> {
        let expected = "three numbers x, y, z in mm: 0.05 to 10 between pixels, above 0 between slices";
        let fits = |[x, y, z]: [f64; 3]| PIXEL_MM.contains(&x) && PIXEL_MM.contains(&y) && z.is_finite() && z > 0.0;
        match self.list::<f64, 3>(expected)? {
            Some(mm @ [x_mm, y_mm, z_mm]) if fits(mm) => Ok(Some(Spacing { x_mm, y_mm, z_mm: Some(z_mm) })),
            Some(_) => Err(self.bad(expected)),
            None => Ok(None),
        }
    }

    fn image_size(&self) -> Result<Option<(usize, usize)>, DecodeError> {
        let expected = "two whole numbers, columns and rows";
        match self.list::<usize, 2>(expected)? {
            Some([cols, rows]) if cols > 0 && rows > 0 => Ok(Some((cols, rows))),
            Some(_) => Err(self.bad(expected)),
            None => Ok(None),
        }
    }

    fn window(&self) -> Result<Option<Window>, DecodeError> {
        let expected = "two numbers, the lower and the upper Hounsfield value";
        match self.numbers::<2>(expected)? {
            Some([low, high]) if low <= high => Ok(Some(Window::from_range(low, high))),
            Some(_) => Err(self.bad(expected)),
            None => Ok(None),
        }
    }

    fn slice_range(&self) -> Result<Option<(i64, i64)>, DecodeError> {
        let expected = "two whole numbers, the first and the last slice";
        match self.list::<i64, 2>(expected)? {
            Some([first, last]) if first <= last => Ok(Some((first, last))),
            Some(_) => Err(self.bad(expected)),
            None => Ok(None),
        }
    }

    fn split(&self) -> Result<Option<Split>, DecodeError> {
        let expected = "1, 2 or 3";
        match self.one::<u8>(expected)? {
            None => Ok(None),
            Some(1) => Ok(Some(Split::Train)),
            Some(2) => Ok(Some(Split::Validation)),
            Some(3) => Ok(Some(Split::Test)),
            Some(_) => Err(self.bad(expected)),
        }
    }
}

fn damaged(error: &csv::Error) -> DecodeError {
    DecodeError::CsvDamaged { reason: printable(error.to_string().as_bytes()) }
}
