//! `DL_info.csv` for the phantom, with DeepLesion's columns and conventions: coordinates count from 1, boxes are
//! inclusive.

use std::fmt::Write;

use crate::detection::LesionType;

use super::canvas::{PIXEL_MM, SIDE_PX};
use super::lesion::{Mark, PhantomLesion};

/// DeepLesion's header.
const HEADER: &str = "File_name,Patient_index,Study_index,Series_ID,Key_slice_index,Measurement_coordinates,\
Bounding_boxes,Lesion_diameters_Pixel_,Normalized_lesion_location,Coarse_lesion_type,Possibly_noisy,Slice_range,\
Spacing_mm_px_,Image_size,DICOM_windows,Patient_gender,Patient_age,Train_Val_Test";

/// Heights of the first and the last slice in DeepLesion's body coordinates (0 is the crown, 1 the soles, nearly).
const HEIGHTS: [f32; 2] = [0.38, 0.64];

/// The table: for each lesion the row of its key slice, then those of the other slices that show it. Gender and age
/// stay empty, since nobody was scanned; the split is 3 (test).
pub(super) fn dl_info(patient: u64, lesions: &[PhantomLesion], n_slices: usize, interval_mm: f32) -> String {
    let mut out = String::from(HEADER);
    out.push('\n');
    for lesion in lesions {
        for mark in &lesion.marks {
            let row = row(patient, lesion.lesion_type, mark, n_slices, interval_mm);
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{row}");
        }
    }
    out
}

fn row(patient: u64, lesion_type: LesionType, mark: &Mark, n_slices: usize, interval_mm: f32) -> String {
    let number = mark.slice_idx + 1;
    // From half-open pixel edges to inclusive pixel numbers that count from 1.
    let b = mark.box_px();
    let (x0, y0, x1, y1) = (b.x0 + 1.0, b.y0 + 1.0, b.x1, b.y1);
    let ends: Vec<String> = mark.diameters_px.iter().flatten().map(|v| format!("{}", v + 0.5)).collect();
    let (x, y) = mark.extent_px.center();
    let height = HEIGHTS[0] + (HEIGHTS[1] - HEIGHTS[0]) * mark.slice_idx as f32 / (n_slices - 1) as f32;
    format!(
        "{patient}_01_01_{number:03}.png,{patient},1,1,{number},\"{}\",\"{x0}, {y0}, {x1}, {y1}\",\"{:.3}, {:.3}\",\
         \"{:.4}, {:.4}, {height:.4}\",{},0,\"1, {n_slices}\",\"{PIXEL_MM}, {PIXEL_MM}, {interval_mm}\",\
         \"{SIDE_PX}, {SIDE_PX}\",\"-160, 240\",,,3",
        ends.join(", "),
        mark.long_px,
        mark.short_px,
        x / SIDE_PX as f32,
        y / SIDE_PX as f32,
        lesion_type_number(lesion_type),
    )
}

/// DeepLesion's number of a type.
fn lesion_type_number(lesion_type: LesionType) -> u8 {
    match lesion_type {
        LesionType::Bone => 1,
        LesionType::Abdomen => 2,
        LesionType::Mediastinum => 3,
        LesionType::Liver => 4,
        LesionType::Lung => 5,
        LesionType::Kidney => 6,
        LesionType::SoftTissue => 7,
        LesionType::Pelvis => 8,
    }
}
