//! Integer arithmetic of quantized convolutions, eight channels at a time.
//!
//! Everything here is exact. Levels are u8, weights i16, sums i32; nothing saturates, and nothing is rounded but the
//! one value per output that becomes a level again. The package `wide` has the lanes: SIMD128 in WebAssembly, SSE2 on
//! x86-64, NEON on 64-bit ARM, and arrays elsewhere, each with the same results. No relaxed instruction is used, so
//! every browser and every processor gives the same bytes.
//!
//! [`dot_tile`] does the work of all convolutions. [`spread_tiles`] and [`gather_tile`] are Winograd's transforms
//! F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1): 16
//! multiplications for the four outputs of a 3×3 kernel instead of 36. The paper's transform of the kernel has halves
//! in it; [`spread_kernel`] takes twice that in both directions, so that all is integers and sums come out four times
//! too large, which the scale that follows takes back.

use bytemuck::cast;
use wide::{f32x4, i16x8, i32x4, i32x8, u8x16};

/// Channels that are worked on at once.
pub const LANES: usize = 8;
/// Rows of [`dot_tile`].
pub const TILE_ROWS: usize = 4;
/// Products of a Winograd tile, per channel.
pub const TILE_PRODUCTS: usize = 16;
/// Largest magnitude of a weight that [`spread_kernel`] takes: nine of them fit in i16.
pub const LARGEST_SPREAD_WEIGHT: i16 = i16::MAX / 9;

/// Two neighbouring values of a row, which one instruction multiplies.
pub type Pair = [i16; 2];
/// Weights of [`LANES`] outputs for one [`Pair`]: outputs 0 to 3, then 4 to 7, the pair's two weights side by side.
pub type PairWeights = [[i16; 8]; 2];
/// Sums of [`LANES`] outputs: 0 to 3, then 4 to 7.
pub type Sums = [[i32; 4]; 2];

/// Sums of the products of four rows with the same weights, for eight outputs. All five slices have the same length;
/// where they differ the shortest counts. Sums wrap at 2³²: a final sum that fits is right even if a partial one did
/// not.
#[inline]
#[must_use]
pub fn dot_tile(rows: [&[Pair]; TILE_ROWS], weights: &[PairWeights]) -> [Sums; TILE_ROWS] {
    let [a, b, c, d] = rows;
    let mut sums = [[i32x4::ZERO; 2]; TILE_ROWS];
    for ((((w, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
        let (low, high) = (i16x8::new(w[0]), i16x8::new(w[1]));
        for (sums, pair) in sums.iter_mut().zip([a, b, c, d]) {
            let pair: i16x8 = cast(i32x4::splat(cast(*pair)));
            sums[0] += pair.dot(low);
            sums[1] += pair.dot(high);
        }
    }
    sums.map(store)
}

/// Widens levels to the values of a row; the shorter of both counts.
#[inline]
pub fn widen(levels: &[u8], values: &mut [i16]) {
    let (levels, rest) = levels.as_chunks::<LANES>();
    let (values, rest_of_values) = values.as_chunks_mut::<LANES>();
    for (levels, values) in levels.iter().zip(values) {
        *values = wider(levels).to_array();
    }
    for (&level, value) in rest.iter().zip(rest_of_values) {
        *value = level.into();
    }
}

/// Where [`spread_tiles`] reads and writes: distances in elements of the slice.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// From a pixel's levels to the next pixel's.
    pub pixel: usize,
    /// From one of a tile's products to the next.
    pub product: usize,
    /// From a tile to the next.
    pub tile: usize,
}

/// Winograd's transform of the input, Bᵀ·d·B, for eight channels along a row of tiles.
///
/// `rows` begin with the eight levels of the first pixel of the four rows under the tiles. Tile `t` covers pixels
/// `2 t` to `2 t + 3`; its product `p` goes to the eight values of `spread` at `p · steps.product + t · steps.tile`.
/// Products are −510 to 1020 in magnitude, so i16 holds them.
#[inline]
pub fn spread_tiles(rows: [&[u8]; 4], n_tiles: usize, spread: &mut [i16], steps: Steps) {
    let [top, upper, lower, bottom] = rows.map(|row| row.chunks(steps.pixel));
    let mut columns = top.zip(upper).zip(lower).zip(bottom).map_while(|(((a, b), c), d)| {
        let [a, b, c, d] = [widened(a)?, widened(b)?, widened(c)?, widened(d)?];
        Some([a - c, b + c, c - b, b - d])
    });
    let (Some(mut a), Some(mut b)) = (columns.next(), columns.next()) else { return };
    for tile in 0..n_tiles {
        let (Some(c), Some(d)) = (columns.next(), columns.next()) else { return };
        for line in 0..4 {
            let products = [a[line] - c[line], b[line] + c[line], c[line] - b[line], b[line] - d[line]];
            for (across, product) in products.into_iter().enumerate() {
                let at = (4 * line + across) * steps.product + tile * steps.tile;
                spread[at..][..LANES].as_chunks_mut().0[0] = product.to_array();
            }
        }
        (a, b) = (c, d);
    }
}

/// Winograd's transform of a 3×3 kernel, twice in both directions: 2G·g·(2G)ᵀ, row by row. Weights are at most
/// [`LARGEST_SPREAD_WEIGHT`] in magnitude.
#[must_use]
pub fn spread_kernel(kernel: &[i16; 9]) -> [i16; TILE_PRODUCTS] {
    let line = |[a, b, c]: [i16; 3]| [2 * a, a + b + c, a - b + c, 2 * c];
    let [a, b, c, d, e, f, g, h, i] = *kernel;
    let [top, middle, bottom] = [line([a, b, c]), line([d, e, f]), line([g, h, i])];
    let columns: [[i16; 4]; 4] = std::array::from_fn(|x| line([top[x], middle[x], bottom[x]]));
    std::array::from_fn(|at| columns[at % 4][at / 4])
}

/// Winograd's transform of the output, Aᵀ·m·A, for eight outputs of a tile: four times the sums of its 2×2 pixels, row
/// by row.
#[inline]
#[must_use]
pub fn gather_tile(products: [&Sums; TILE_PRODUCTS]) -> [Sums; 4] {
    let mut pixels = [Sums::default(); 4];
    for half in 0..2 {
        let m = |at: usize| i32x4::new(products[at][half]);
        let down = |across: usize| {
            let [a, b, c, d] = [m(across), m(4 + across), m(8 + across), m(12 + across)];
            [a + b + c, b - c - d]
        };
        let [a, b, c, d] = [down(0), down(1), down(2), down(3)];
        for line in 0..2 {
            pixels[2 * line][half] = (a[line] + b[line] + c[line]).to_array();
            pixels[2 * line + 1][half] = (b[line] - c[line] - d[line]).to_array();
        }
    }
    pixels
}

fn store(sums: [i32x4; 2]) -> Sums {
    sums.map(i32x4::to_array)
}

/// The first eight levels of a pixel as numbers of 16 bits.
#[inline]
fn widened(pixel: &[u8]) -> Option<i16x8> {
    pixel.first_chunk().map(wider)
}

/// Eight levels as numbers of 16 bits.
#[inline]
fn wider(levels: &[u8; LANES]) -> i16x8 {
    let low: u8x16 = cast([u64::from_ne_bytes(*levels), 0]);
    cast(u8x16::unpack_low(low, u8x16::ZERO))
}

/// How sums of eight outputs become levels or logits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescale {
    /// Added first.
    pub bias: Sums,
    /// Multiplied with: powers of two, so that nothing is rounded here. Sums and bias together must be exact in f32.
    pub scale: [[f32; 4]; 2],
}

impl Rescale {
    /// (sum + bias) · scale, rounded to the nearest level, halves to even, and clipped to 0..=255.
    #[inline]
    #[must_use]
    pub fn levels(&self, sums: &Sums) -> [u8; LANES] {
        let whole = |half: usize| -> i32x4 {
            let sums = i32x4::new(sums[half]) + i32x4::new(self.bias[half]);
            let scaled = f32x4::from_i32x4(sums) * f32x4::new(self.scale[half]);
            let clipped = f32x4::splat(255.0).fast_min(f32x4::splat(0.0).fast_max(scaled));
            cast::<f32x4, i32x4>(clipped + f32x4::splat(ROUNDING)) & i32x4::splat(255)
        };
        let values = i16x8::from_i32x8_saturate(cast::<[i32x4; 2], i32x8>([whole(0), whole(1)]));
        let [levels, _]: [[u8; LANES]; 2] = cast(u8x16::narrow_i16x8(values, values));
        levels
    }

    /// (sum + bias) · scale.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "sums are exact in f32")]
    pub fn logits(&self, sums: &Sums) -> [f32; LANES] {
        std::array::from_fn(|i| {
            let (half, lane) = (i / 4, i % 4);
            (sums[half][lane] + self.bias[half][lane]) as f32 * self.scale[half][lane]
        })
    }
}

/// At 2²³ neighbouring f32 are 1 apart: adding it rounds 0..=255 to a whole number, halves to even, which then stands
/// in the lowest bits.
const ROUNDING: f32 = 8_388_608.0;
