//! Integer arithmetic of quantized convolutions, eight channels at a time: the only file with `unsafe`.
//!
//! Everything here is exact. Levels are u8, weights i16, sums i32; nothing saturates, and nothing is rounded but the
//! one value per output that becomes a level again. Private modules `lanes` have the same results: SIMD128 in WebAssembly,
//! SSE2 on x86-64, and arrays elsewhere, or with the feature `portable`. No relaxed instruction is used, so every
//! browser and every processor gives the same bytes.
//!
//! [`dot_tile`] does the work of all convolutions. [`spread_tiles`] and [`gather_tile`] are Winograd's transforms
//! F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1): 16
//! multiplications for the four outputs of a 3×3 kernel instead of 36. The paper's transform of the kernel has halves
//! in it; [`spread_kernel`] takes twice that in both directions, so that all is integers and sums come out four times
//! too large, which the scale that follows takes back.

use lanes::{I16x8, I32x4};

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
    let mut sums = [[I32x4::zero(); 2]; TILE_ROWS];
    for ((((w, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
        let (low, high) = (I16x8::load(&w[0]), I16x8::load(&w[1]));
        for (sums, pair) in sums.iter_mut().zip([a, b, c, d]) {
            let pair = I16x8::splat(pair);
            sums[0] = sums[0] + pair.dot(low);
            sums[1] = sums[1] + pair.dot(high);
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
        I16x8::widen(levels).store(values);
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
    let column = |pixel: usize| -> [I16x8; 4] {
        let [a, b, c, d] = rows.map(|row| I16x8::widen(&row[pixel * steps.pixel..][..LANES].as_chunks().0[0]));
        [a - c, b + c, c - b, b - d]
    };
    let (mut a, mut b) = (column(0), column(1));
    for tile in 0..n_tiles {
        let (c, d) = (column(2 * tile + 2), column(2 * tile + 3));
        for line in 0..4 {
            let products = [a[line] - c[line], b[line] + c[line], c[line] - b[line], b[line] - d[line]];
            for (across, product) in products.into_iter().enumerate() {
                let at = (4 * line + across) * steps.product + tile * steps.tile;
                product.store(&mut spread[at..][..LANES].as_chunks_mut().0[0]);
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
    let mut pixels = [[I32x4::zero(); 2]; 4];
    for half in 0..2 {
        let m = products.map(|sums| I32x4::load(&sums[half]));
        let down = |across: usize| {
            let [a, b, c, d] = [m[across], m[4 + across], m[8 + across], m[12 + across]];
            [a + b + c, b - c - d]
        };
        let [a, b, c, d] = [down(0), down(1), down(2), down(3)];
        for line in 0..2 {
            pixels[2 * line][half] = a[line] + b[line] + c[line];
            pixels[2 * line + 1][half] = b[line] - c[line] - d[line];
        }
    }
    pixels.map(store)
}

fn store([low, high]: [I32x4; 2]) -> Sums {
    let mut sums = [[0; 4]; 2];
    low.store(&mut sums[0]);
    high.store(&mut sums[1]);
    sums
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
        let whole = |half: usize| I32x4::load(&sums[half]) + I32x4::load(&self.bias[half]);
        lanes::levels([whole(0), whole(1)], &self.scale)
    }

    /// (sum + bias) · scale.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "sums are exact in f32")]
    pub fn logits(&self, sums: &Sums) -> [f32; LANES] {
        std::array::from_fn(|i| {
            let (half, lane) = (i / 4, i % 4);
            sums[half][lane].wrapping_add(self.bias[half][lane]) as f32 * self.scale[half][lane]
        })
    }
}

/// At 2²³ neighbouring f32 are 1 apart: adding it rounds 0..=255 to a whole number, halves to even, which then stands
/// in the lowest bits.
const ROUNDING: f32 = 8_388_608.0;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code, reason = "SIMD128 loads and stores take pointers; each goes through an array of its own width")]
#[allow(clippy::inline_always, reason = "each is one instruction")]
mod lanes {
    //! SIMD128.

    use core::arch::wasm32::{
        f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, i16x8_add, i16x8_narrow_i32x4,
        i16x8_sub, i32x4_add, i32x4_dot_i16x8, i32x4_splat, i32x4_sub, u8x16_narrow_i16x8, u16x8_load_extend_u8x8,
        u64x2_extract_lane, v128, v128_and, v128_load, v128_load32_splat, v128_store,
    };
    use std::ops::{Add, Sub};

    use super::{LANES, Pair, ROUNDING};

    #[derive(Clone, Copy)]
    pub(super) struct I16x8(v128);

    impl I16x8 {
        #[inline(always)]
        pub(super) fn load(values: &[i16; 8]) -> Self {
            // SAFETY: reads the 16 bytes of `values`; SIMD128 loads need no alignment.
            Self(unsafe { v128_load(values.as_ptr().cast()) })
        }

        #[inline(always)]
        pub(super) fn splat(pair: &Pair) -> Self {
            // SAFETY: reads the 4 bytes of `pair`; SIMD128 loads need no alignment.
            Self(unsafe { v128_load32_splat(pair.as_ptr().cast()) })
        }

        #[inline(always)]
        pub(super) fn widen(levels: &[u8; LANES]) -> Self {
            // SAFETY: reads the 8 bytes of `levels`; SIMD128 loads need no alignment.
            Self(unsafe { u16x8_load_extend_u8x8(levels.as_ptr()) })
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i16; 8]) {
            // SAFETY: writes the 16 bytes of `values`, borrowed for writing; SIMD128 stores need no alignment.
            unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
        }

        #[inline(always)]
        pub(super) fn dot(self, other: Self) -> I32x4 {
            I32x4(i32x4_dot_i16x8(self.0, other.0))
        }
    }

    #[derive(Clone, Copy)]
    pub(super) struct I32x4(v128);

    impl I32x4 {
        #[inline(always)]
        pub(super) fn zero() -> Self {
            Self(i32x4_splat(0))
        }

        #[inline(always)]
        pub(super) fn load(values: &[i32; 4]) -> Self {
            // SAFETY: reads the 16 bytes of `values`; SIMD128 loads need no alignment.
            Self(unsafe { v128_load(values.as_ptr().cast()) })
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i32; 4]) {
            // SAFETY: writes the 16 bytes of `values`, borrowed for writing; SIMD128 stores need no alignment.
            unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
        }
    }

    macro_rules! operator {
        ($operator:ident, $method:ident, $lanes:ident, $instruction:ident) => {
            impl $operator for $lanes {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    Self($instruction(self.0, other.0))
                }
            }
        };
    }
    operator!(Add, add, I16x8, i16x8_add);
    operator!(Sub, sub, I16x8, i16x8_sub);
    operator!(Add, add, I32x4, i32x4_add);
    operator!(Sub, sub, I32x4, i32x4_sub);

    /// See [`super::Rescale::levels`].
    #[inline(always)]
    pub(super) fn levels(sums: [I32x4; 2], scale: &[[f32; 4]; 2]) -> [u8; LANES] {
        let whole = |half: usize| {
            // SAFETY: reads the 16 bytes of one half of `scale`; SIMD128 loads need no alignment.
            let scale = unsafe { v128_load(scale[half].as_ptr().cast()) };
            let scaled = f32x4_mul(f32x4_convert_i32x4(sums[half].0), scale);
            let clipped = f32x4_pmin(f32x4_splat(255.0), f32x4_pmax(f32x4_splat(0.0), scaled));
            v128_and(f32x4_add(clipped, f32x4_splat(ROUNDING)), i32x4_splat(255))
        };
        let values = i16x8_narrow_i32x4(whole(0), whole(1));
        u64x2_extract_lane::<0>(u8x16_narrow_i16x8(values, values)).to_le_bytes()
    }
}

#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
#[allow(unsafe_code, reason = "SSE2 loads and stores take pointers; each goes through an array of its own width")]
#[allow(clippy::inline_always, reason = "each is one instruction or two")]
mod lanes {
    //! SSE2, which every x86-64 processor has.

    use core::arch::x86_64::{
        __m128i, _mm_add_epi16, _mm_add_epi32, _mm_add_ps, _mm_and_si128, _mm_castps_si128, _mm_cvtepi32_ps,
        _mm_loadl_epi64, _mm_loadu_ps, _mm_loadu_si32, _mm_loadu_si128, _mm_madd_epi16, _mm_max_ps, _mm_min_ps,
        _mm_mul_ps, _mm_packs_epi32, _mm_packus_epi16, _mm_set1_epi32, _mm_set1_ps, _mm_setzero_ps, _mm_setzero_si128,
        _mm_shuffle_epi32, _mm_storel_epi64, _mm_storeu_si128, _mm_sub_epi16, _mm_sub_epi32, _mm_unpacklo_epi8,
    };
    use std::ops::{Add, Sub};

    use super::{LANES, Pair, ROUNDING};

    #[derive(Clone, Copy)]
    pub(super) struct I16x8(__m128i);

    impl I16x8 {
        #[inline(always)]
        pub(super) fn load(values: &[i16; 8]) -> Self {
            // SAFETY: reads the 16 bytes of `values`, wherever they lie.
            Self(unsafe { _mm_loadu_si128(values.as_ptr().cast()) })
        }

        #[inline(always)]
        pub(super) fn splat(pair: &Pair) -> Self {
            // SAFETY: reads the 4 bytes of `pair`, wherever they lie.
            Self(unsafe { _mm_shuffle_epi32::<0>(_mm_loadu_si32(pair.as_ptr().cast())) })
        }

        #[inline(always)]
        pub(super) fn widen(levels: &[u8; LANES]) -> Self {
            // SAFETY: reads the 8 bytes of `levels`, wherever they lie.
            let levels = unsafe { _mm_loadl_epi64(levels.as_ptr().cast()) };
            // SAFETY: SSE2 is part of x86-64.
            Self(unsafe { _mm_unpacklo_epi8(levels, _mm_setzero_si128()) })
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i16; 8]) {
            // SAFETY: writes the 16 bytes of `values`, borrowed for writing, wherever they lie.
            unsafe { _mm_storeu_si128(values.as_mut_ptr().cast(), self.0) }
        }

        #[inline(always)]
        pub(super) fn dot(self, other: Self) -> I32x4 {
            // SAFETY: SSE2 is part of x86-64.
            I32x4(unsafe { _mm_madd_epi16(self.0, other.0) })
        }
    }

    #[derive(Clone, Copy)]
    pub(super) struct I32x4(__m128i);

    impl I32x4 {
        #[inline(always)]
        pub(super) fn zero() -> Self {
            Self::load(&[0; 4])
        }

        #[inline(always)]
        pub(super) fn load(values: &[i32; 4]) -> Self {
            // SAFETY: reads the 16 bytes of `values`, wherever they lie.
            Self(unsafe { _mm_loadu_si128(values.as_ptr().cast()) })
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i32; 4]) {
            // SAFETY: writes the 16 bytes of `values`, borrowed for writing, wherever they lie.
            unsafe { _mm_storeu_si128(values.as_mut_ptr().cast(), self.0) }
        }
    }

    macro_rules! operator {
        ($operator:ident, $method:ident, $lanes:ident, $instruction:ident) => {
            impl $operator for $lanes {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    // SAFETY: SSE2 is part of x86-64.
                    Self(unsafe { $instruction(self.0, other.0) })
                }
            }
        };
    }
    operator!(Add, add, I16x8, _mm_add_epi16);
    operator!(Sub, sub, I16x8, _mm_sub_epi16);
    operator!(Add, add, I32x4, _mm_add_epi32);
    operator!(Sub, sub, I32x4, _mm_sub_epi32);

    /// See [`super::Rescale::levels`].
    #[inline(always)]
    pub(super) fn levels(sums: [I32x4; 2], scale: &[[f32; 4]; 2]) -> [u8; LANES] {
        let mut levels = [0; LANES];
        // SAFETY: SSE2 is part of x86-64; reads the 16 bytes of each half of `scale`, and writes the 8 of `levels`.
        unsafe {
            let whole = |half: usize| {
                let scaled = _mm_mul_ps(_mm_cvtepi32_ps(sums[half].0), _mm_loadu_ps(scale[half].as_ptr()));
                let clipped = _mm_min_ps(_mm_max_ps(scaled, _mm_setzero_ps()), _mm_set1_ps(255.0));
                _mm_and_si128(_mm_castps_si128(_mm_add_ps(clipped, _mm_set1_ps(ROUNDING))), _mm_set1_epi32(255))
            };
            let values = _mm_packs_epi32(whole(0), whole(1));
            _mm_storel_epi64(levels.as_mut_ptr().cast(), _mm_packus_epi16(values, values));
        }
        levels
    }
}

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "x86_64", not(feature = "portable")),
)))]
#[allow(clippy::inline_always, reason = "the compiler sees whole vectors only in the loops around them")]
mod lanes {
    //! Arrays.

    use std::array::from_fn;
    use std::ops::{Add, Sub};

    use super::{LANES, Pair, ROUNDING};

    #[derive(Clone, Copy)]
    pub(super) struct I16x8([i16; 8]);

    impl I16x8 {
        #[inline(always)]
        pub(super) fn load(values: &[i16; 8]) -> Self {
            Self(*values)
        }

        #[inline(always)]
        pub(super) fn splat(&[a, b]: &Pair) -> Self {
            Self([a, b, a, b, a, b, a, b])
        }

        #[inline(always)]
        pub(super) fn widen(levels: &[u8; LANES]) -> Self {
            Self(levels.map(i16::from))
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i16; 8]) {
            *values = self.0;
        }

        #[inline(always)]
        pub(super) fn dot(self, other: Self) -> I32x4 {
            let product = |i: usize| i32::from(self.0[i]) * i32::from(other.0[i]);
            I32x4(from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
        }
    }

    #[derive(Clone, Copy)]
    pub(super) struct I32x4([i32; 4]);

    impl I32x4 {
        #[inline(always)]
        pub(super) fn zero() -> Self {
            Self([0; 4])
        }

        #[inline(always)]
        pub(super) fn load(values: &[i32; 4]) -> Self {
            Self(*values)
        }

        #[inline(always)]
        pub(super) fn store(self, values: &mut [i32; 4]) {
            *values = self.0;
        }
    }

    macro_rules! operator {
        ($operator:ident, $method:ident, $lanes:ident, $wrapping:ident) => {
            impl $operator for $lanes {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    Self(from_fn(|i| self.0[i].$wrapping(other.0[i])))
                }
            }
        };
    }
    operator!(Add, add, I16x8, wrapping_add);
    operator!(Sub, sub, I16x8, wrapping_sub);
    operator!(Add, add, I32x4, wrapping_add);
    operator!(Sub, sub, I32x4, wrapping_sub);

    /// See [`super::Rescale::levels`].
    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "sums are exact in f32")]
    pub(super) fn levels(sums: [I32x4; 2], scale: &[[f32; 4]; 2]) -> [u8; LANES] {
        from_fn(|i| {
            let scaled = sums[i / 4].0[i % 4] as f32 * scale[i / 4][i % 4];
            let [level, ..] = (scaled.clamp(0.0, 255.0) + ROUNDING).to_bits().to_le_bytes();
            level
        })
    }
}
