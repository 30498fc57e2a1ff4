//! Bookmarks in the columns of DeepLesion's `DL_info.csv`: RECIST diameters that a person drew, written and read back.
//!
//! In the table a pixel's middle has whole coordinates and the first pixel is 1 (Yan et al. 2018), here it lies at a half
//! and the first is 0, so both are half a pixel apart. `Measurement_coordinates` holds both ends of the long and then of the
//! short diameter; `Bounding_boxes` their extent and 5 pixels on each side, as DeepLesion's. Columns about the person, and
//! what nobody said, stay empty. Coordinates keep three decimals.

use serde::{Deserialize, Serialize};

use crate::decode::DecodeError;
use crate::decode::dl_info::parse_name;
use crate::hounsfield::Window;
use crate::series::{Series, SpacingSource};
use crate::slice::SliceId;

const COLUMNS: [&str; 18] = [
    "File_name",
    "Patient_index",
    "Study_index",
    "Series_ID",
    "Key_slice_index",
    "Measurement_coordinates",
    "Bounding_boxes",
    "Lesion_diameters_Pixel_",
    "Normalized_lesion_location",
    "Coarse_lesion_type",
    "Possibly_noisy",
    "Slice_range",
    "Spacing_mm_px_",
    "Image_size",
    "DICOM_windows",
    "Patient_gender",
    "Patient_age",
    "Train_Val_Test",
];

/// Table coordinates of the middle of the first pixel, less its coordinates here.
const TABLE_FROM_IMAGE: f32 = 0.5;

/// DeepLesion's margin around a lesion's extent, in pixels.
const MARGIN_PX: f32 = 5.0;

/// Two diameters that a person drew on a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Bookmark {
    /// The slice.
    pub slice: SliceId,
    /// Both ends of the long diameter, `[x, y]` in image pixels.
    pub long_px: [[f32; 2]; 2],
    /// Both ends of the short diameter, `[x, y]` in image pixels.
    pub short_px: [[f32; 2]; 2],
}

/// What a table of bookmarks holds for a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct BookmarksRead {
    /// In the table's order.
    pub bookmarks: Vec<Bookmark>,
    /// Rows about slices that are not open.
    pub n_elsewhere: usize,
    /// Rows without measurement.
    pub n_unmeasured: usize,
}

/// The name by which a table knows a slice: DeepLesion's where the path has its form, else the file's.
#[must_use]
pub fn table_name(path: &str) -> String {
    let plain = || path.rsplit('/').next().unwrap_or(path).to_owned();
    parse_name(path).map_or_else(plain, |(series, number)| format!("{series}_{number:03}.png"))
}

/// One row about a bookmark on a slice of a series.
pub(crate) fn row(bookmark: &Bookmark, series: &Series, slice_idx: usize, path: &str) -> [String; COLUMNS.len()] {
    let list = |values: &[f32]| values.iter().map(|v| format!("{v:.3}")).collect::<Vec<_>>().join(", ");
    let ends = [bookmark.long_px, bookmark.short_px];
    let points: Vec<f32> = ends.iter().flatten().flatten().map(|v| v + TABLE_FROM_IMAGE).collect();
    let along = |axis: usize| points.iter().skip(axis).step_by(2).copied();
    let least = |axis| along(axis).fold(f32::INFINITY, f32::min) - MARGIN_PX;
    let most = |axis| along(axis).fold(f32::NEG_INFINITY, f32::max) + MARGIN_PX;
    let [long, short] = ends.map(|[[x0, y0], [x1, y1]]| (x1 - x0).hypot(y1 - y0));
    let spacing = series.spacing();
    let known = series.spacing_source() != SpacingSource::Assumed;
    let spacing_mm = match spacing.z_mm.filter(|_| known) {
        Some(z_mm) => format!("{}, {}, {z_mm}", spacing.x_mm, spacing.y_mm),
        None => String::new(),
    };
    let Window { center_hu, width_hu } = series.window();
    let name = table_name(path);
    let parts: Vec<&str> = name.split('_').collect();
    let number = |at: usize| match (parse_name(&name), parts.get(at)) {
        (Some(_), Some(part)) => {
            part.trim_end_matches(".png").parse::<u32>().map_or_else(|_| String::new(), |n| n.to_string())
        }
        _ => String::new(),
    };
    let key = if number(3).is_empty() { (slice_idx + 1).to_string() } else { number(3) };
    [
        name.clone(),
        number(0),
        number(1),
        number(2),
        key,
        list(&points),
        list(&[least(0), least(1), most(0), most(1)]),
        list(&[long.max(short), long.min(short)]),
        String::new(),
        "-1".to_owned(),
        "0".to_owned(),
        String::new(),
        spacing_mm,
        format!("{}, {}", series.cols(), series.rows()),
        list(&[center_hu - width_hu / 2.0, center_hu + width_hu / 2.0]),
        String::new(),
        String::new(),
        String::new(),
    ]
}

/// The whole table.
pub(crate) fn table(rows: impl Iterator<Item = [String; COLUMNS.len()]>) -> Result<String, DecodeError> {
    let damaged = |reason: String| DecodeError::CsvDamaged { reason };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| damaged(error.to_string()))?;
    for row in rows {
        writer.write_record(row).map_err(|error| damaged(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| damaged(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))
}

/// Reads a table; `slice_of` knows the open slice of a name.
pub(crate) fn read(bytes: &[u8], slice_of: impl Fn(&str) -> Option<SliceId>) -> Result<BookmarksRead, DecodeError> {
    let damaged = |error: &csv::Error| DecodeError::CsvDamaged { reason: error.to_string() };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| damaged(&error))?.clone();
    let find = |name: &'static str| {
        headers.iter().position(|cell| cell == name).ok_or(DecodeError::CsvNotDlInfo { missing: name })
    };
    let (name_at, points_at) = (find("File_name")?, find("Measurement_coordinates")?);
    let mut answer = BookmarksRead { bookmarks: Vec::new(), n_elsewhere: 0, n_unmeasured: 0 };
    for record in reader.records() {
        let record = record.map_err(|error| damaged(&error))?;
        let text = record.get(points_at).unwrap_or_default();
        if text.is_empty() {
            answer.n_unmeasured += 1;
            continue;
        }
        let bad = || DecodeError::CsvBadCell {
            line: record.position().map_or(0, csv::Position::line),
            column: "Measurement_coordinates",
            expected: "eight numbers: both ends of the long and of the short diameter",
            found: text.chars().take(60).collect(),
        };
        let values = text.split(',').map(|part| part.trim().parse::<f32>().ok().filter(|v| v.is_finite()));
        let values: Vec<f32> =
            values.map(|v| v.map(|v| v - TABLE_FROM_IMAGE)).collect::<Option<_>>().ok_or_else(bad)?;
        let [a, b, c, d, e, f, g, h] = <[f32; 8]>::try_from(values).map_err(|_| bad())?;
        match slice_of(&table_name(record.get(name_at).unwrap_or_default())) {
            Some(slice) => {
                let (long_px, short_px) = ([[a, b], [c, d]], [[e, f], [g, h]]);
                answer.bookmarks.push(Bookmark { slice, long_px, short_px });
            }
            None => answer.n_elsewhere += 1,
        }
    }
    Ok(answer)
}
