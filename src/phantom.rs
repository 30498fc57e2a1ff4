//! A synthetic CT study: a torso with known lesions, made from formulas, in DeepLesion's layout.
//!
//! Comes in: a seed. Goes out: files, bytes as they would lie on a disk (`Images_png/<series>/<slice>.png` and
//! `DL_info.csv`), and the truth about the lesions in them. Everything is computed with integer hashes and exactly
//! rounded floating-point operations, so the pixels are the same natively and as WebAssembly on every machine.
//!
//! A slice is painted from a template body (`phantom/anatomy.rs`) of lofts and tubes: each tissue over what lies behind it, with
//! edges one pixel wide, then lesions, then the scanner's blur and noise. The anatomy is schematic; it shows no person.

mod anatomy;
mod body;
mod canvas;
mod lesion;
mod noise;
mod shape;
mod table;
mod tree;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use self::body::Body;
use self::canvas::SIDE_PX;
use self::noise::mix;

pub use self::lesion::{MARGIN_PX, Mark, PhantomLesion};

/// The seed of the page's sample study.
pub const SAMPLE_SEED: u64 = 1;

/// Number of slices.
const N_SLICES: usize = 52;
/// Distance between slices, mm, DeepLesion's commonest: from the aortic arch to the kidneys it is 255 mm.
const INTERVAL_MM: f32 = 5.0;
/// Patient index of seed 0; DeepLesion's own patients end at 4427.
const FIRST_PATIENT: u64 = 990_001;

/// A synthetic study, the same for the same seed everywhere.
#[derive(Debug)]
pub struct Phantom {
    seed: u64,
    body: Body,
    lesions: Vec<PhantomLesion>,
}

impl Phantom {
    /// The study of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let body = Body::new(seed);
        let lesions = lesion::place(&body, seed, N_SLICES, INTERVAL_MM);
        Self { seed, body, lesions }
    }

    /// Number of slices.
    #[must_use]
    pub fn n_slices(&self) -> usize {
        N_SLICES
    }

    /// Number of files: the slices and the table of annotations.
    #[must_use]
    pub fn n_files(&self) -> usize {
        N_SLICES + 1
    }

    /// The name of the series, as DeepLesion forms it: `<patient>_01_01`. Patients are numbered from 990001 by the seed
    /// (modulo 9999, to stay within six digits).
    #[must_use]
    pub fn series_id(&self) -> String {
        format!("{}_01_01", self.patient())
    }

    fn patient(&self) -> u64 {
        FIRST_PATIENT + self.seed % 9_999
    }

    /// The lesions, each with its marks.
    #[must_use]
    pub fn lesions(&self) -> &[PhantomLesion] {
        &self.lesions
    }

    /// Hounsfield units of one slice, 512 × 512, row-major; slice 0 is the uppermost.
    #[must_use]
    pub fn hu(&self, slice_idx: usize) -> Vec<i16> {
        let z = slice_idx as f32 * INTERVAL_MM;
        let mut canvas = self.body.paint(z);
        for lesion in &self.lesions {
            lesion.paint(&self.body.lattice, z, &mut canvas.hu);
        }
        canvas.scan(mix(mix(self.seed) ^ slice_idx as u64))
    }

    /// The path and the bytes of a file: slices 0 to `n_slices() − 1` as 16-bit greyscale PNG (stored = HU + 32768),
    /// then, for every larger index, `DL_info.csv`.
    #[must_use]
    pub fn file(&self, i: usize) -> (String, Vec<u8>) {
        if i < N_SLICES {
            let path = format!("Images_png/{}/{:03}.png", self.series_id(), i + 1);
            (path, png(&self.hu(i)))
        } else {
            (
                "DL_info.csv".to_owned(),
                table::dl_info(self.patient(), &self.lesions, N_SLICES, INTERVAL_MM).into_bytes(),
            )
        }
    }
}

/// A 512 × 512 slice as PNG, HU + 32768 in 16 bits.
fn png(hu: &[i16]) -> Vec<u8> {
    // Adding 32768 to an i16 is flipping its sign bit; `write_image` takes native byte order.
    let stored: Vec<u8> = hu.iter().flat_map(|&v| (v.cast_unsigned() ^ 0x8000).to_ne_bytes()).collect();
    let mut bytes = Vec::new();
    const SIDE: u32 = 512;
    const { assert!(SIDE as usize == SIDE_PX) };
    let written = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up).write_image(
        &stored,
        SIDE,
        SIDE,
        ExtendedColorType::L16,
    );
    // The buffer has the stated size and a Vec takes every byte, so there is nothing that could fail.
    debug_assert!(written.is_ok(), "{written:?}");
    bytes
}
