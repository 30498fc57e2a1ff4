//! Quantized convolution of a slice's feature maps, exact in integers, with everything that follows it fused in.
//!
//! In: one or more [`Map`]s of u8 levels that share a scale, each perhaps to be enlarged, taken as if their channels
//! were concatenated. Out: levels again, or the floating-point numbers of a head. Concatenation, enlarging, zero
//! padding, bias, ReLU and rounding to levels thus need no pass of their own.
//!
//! The work goes in blocks of a few rows of output: the rows of input that a block needs are collected in a *band* with
//! its margins of zeros, spread to the rows of one or 16 matrix products, multiplied, and finished. A block's numbers
//! stay in the processor's caches. [`Method::Winograd`] takes 4/9 of the multiplications of [`Method::Direct`] and
//! gives the same sums.

use thiserror::Error;

use super::kernels::{
    LANES, LARGEST_SPREAD_WEIGHT, PairWeights, Rescale, Steps, Sums, TILE_PRODUCTS, TILE_ROWS, dot_tile, gather_tile,
    spread_kernel, spread_tiles, widen,
};

/// Sums, bias included, are below this in magnitude, so that f32 holds each exactly.
pub const SUMS_BELOW: i64 = 1 << 24;
/// Tiles of a block: enough to use weights often while they are in the nearest cache.
const TILES_AT_ONCE: usize = 32;
/// Values that fill a page of 4 KiB. Addresses a multiple of it apart share few lines of the nearest cache.
const PAGE_OF_VALUES: usize = 2048;

/// Rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels along y.
    pub rows: usize,
    /// Pixels along x.
    pub cols: usize,
}

/// Levels of a feature map.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// Before enlarging.
    pub size: Size,
    /// `rows × cols × pitch`, channels fastest; those beyond the real ones are 0.
    pub levels: &'a [u8],
}

/// What is known of one of the maps beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Real channels.
    pub channels: usize,
    /// Channels in memory: a multiple of 4, at least `channels`.
    pub pitch: usize,
    /// Every pixel stands for `enlarged × enlarged` pixels, at least 1.
    pub enlarged: usize,
}

/// Form of a convolution; pairs are rows, columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geometry {
    /// The maps whose channels are taken one after the other.
    pub parts: Vec<Part>,
    /// Channels of the output.
    pub outputs: usize,
    /// Size of the kernel.
    pub kernel: [usize; 2],
    /// Pixels of input from an output to the next.
    pub stride: [usize; 2],
    /// Pixels of zeros before the first row and column.
    pub before: [usize; 2],
    /// Pixels of zeros after the last row and column.
    pub after: [usize; 2],
}

/// Channels in memory of the levels that a convolution with that many outputs makes.
#[must_use]
pub fn pitch(outputs: usize) -> usize {
    outputs.next_multiple_of(LANES)
}

impl Geometry {
    /// Real channels of all parts.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.parts.iter().map(|part| part.channels).sum()
    }

    /// Channels in memory of all parts.
    fn depth(&self) -> usize {
        self.parts.iter().map(|part| part.pitch).sum()
    }

    /// The output's size, or nothing where the input is smaller than the kernel.
    #[must_use]
    pub fn output_size(&self, input: Size) -> Option<Size> {
        let along = |axis: usize, n: usize| {
            let room = (n + self.before[axis] + self.after[axis]).checked_sub(self.kernel[axis])?;
            Some(room / self.stride[axis] + 1)
        };
        Some(Size { rows: along(0, input.rows)?, cols: along(1, input.cols)? })
    }

    /// The size that all maps have once enlarged.
    fn input_size(&self, maps: &[Map<'_>]) -> Option<Size> {
        let mut sizes = self.parts.iter().zip(maps).map(|(part, map)| {
            let fits = map.levels.len() == map.size.rows * map.size.cols * part.pitch;
            fits.then_some(Size { rows: map.size.rows * part.enlarged, cols: map.size.cols * part.enlarged })
        });
        let first = sizes.next()??;
        (maps.len() == self.parts.len() && sizes.all(|size| size == Some(first))).then_some(first)
    }
}

/// The numbers of a convolution. One step of an output is `scale` of that output.
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
    /// Outputs × inputs × kernel rows × kernel columns.
    pub weights: &'a [i16],
    /// Per output, in steps.
    pub bias: &'a [i32],
    /// Per output: from steps to the levels or logits that come out. Powers of two.
    pub scale: &'a [f32],
}

/// Why numbers cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unusable {
    /// Lengths do not follow from the geometry, or the geometry has a zero in it.
    #[error("weights, bias or scales do not fit the convolution's form")]
    Form,
    /// A sum could reach [`SUMS_BELOW`], or a weight is too large for the method.
    #[error("sums could be too large to be exact")]
    Magnitude,
    /// A scale is not a power of two.
    #[error("a scale is not a power of two")]
    Scale,
}

/// The maps are not of the sizes or the number that the convolution takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("feature maps do not fit the convolution")]
pub struct Misfit;

/// How sums are computed; both give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every kernel position as one long row.
    Direct,
    /// Tiles of 2×2 outputs; for 3×3 kernels with stride 1 only.
    Winograd,
}

impl Method {
    /// The faster one of those that fit.
    #[must_use]
    pub fn best(geometry: &Geometry) -> Self {
        let fits = geometry.kernel == [3, 3] && geometry.stride == [1, 1] && geometry.depth().is_multiple_of(LANES);
        if fits { Self::Winograd } else { Self::Direct }
    }

    /// Rows and columns of outputs that one tile makes.
    fn tile(self) -> usize {
        match self {
            Self::Direct => 1,
            Self::Winograd => 2,
        }
    }

    /// Times that sums come out too large.
    fn gain(self) -> i32 {
        match self {
            Self::Direct => 1,
            Self::Winograd => 4,
        }
    }
}

/// Memory that convolutions use while they run; one serves all, one after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    band: Vec<u8>,
    rows: Vec<i16>,
    sums: Vec<Sums>,
}

/// A convolution, its weights packed for the kernels.
#[derive(Debug)]
pub struct Convolution {
    geometry: Geometry,
    method: Method,
    // Of all parts together, in memory.
    depth: usize,
    // Per eight outputs and matrix product, one row of weights.
    weights: Vec<PairWeights>,
    // Per eight outputs.
    rescale: Vec<Rescale>,
}

impl Convolution {
    /// Checks that every sum will be exact, and packs the weights.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn new(geometry: Geometry, numbers: Numbers<'_>, method: Method) -> Result<Self, Unusable> {
        check(&geometry, numbers, method)?;
        let depth = geometry.depth();
        let weights = pack(&geometry, numbers.weights, method);
        let gain = method.gain();
        #[allow(clippy::cast_precision_loss, reason = "1 or 4")]
        let share = 1.0 / gain as f32;
        let eight = |block: usize| Rescale {
            bias: lanes_of(|lane| numbers.bias.get(block * LANES + lane).map_or(0, |bias| bias * gain)),
            scale: lanes_of(|lane| numbers.scale.get(block * LANES + lane).map_or(0.0, |scale| scale * share)),
        };
        let rescale = (0..geometry.outputs.div_ceil(LANES)).map(eight).collect();
        Ok(Self { geometry, method, depth, weights, rescale })
    }

    /// Its form.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Size of the output for those maps.
    ///
    /// # Errors
    /// [`Misfit`].
    pub fn output_size(&self, maps: &[Map<'_>]) -> Result<Size, Misfit> {
        let input = self.geometry.input_size(maps).ok_or(Misfit)?;
        self.geometry.output_size(input).ok_or(Misfit)
    }

    /// Levels, `rows × cols ×` [`pitch`]: (sum + bias) · scale, halves rounded to even, clipped to 0..=255, which is
    /// a ReLU as well.
    ///
    /// # Errors
    /// [`Misfit`].
    pub fn levels(&self, maps: &[Map<'_>], out: &mut [u8], scratch: &mut Scratch) -> Result<(), Misfit> {
        let Size { rows, cols } = self.output_size(maps)?;
        let pitch = pitch(self.geometry.outputs);
        if out.len() != rows * cols * pitch {
            return Err(Misfit);
        }
        self.run(maps, scratch, |block, pixel, rescale, sums| {
            out[pixel * pitch + block * LANES..][..LANES].copy_from_slice(&rescale.levels(sums));
        })
    }

    /// Numbers of a head, `outputs × rows × cols`: (sum + bias) · scale.
    ///
    /// # Errors
    /// [`Misfit`].
    pub fn logits(&self, maps: &[Map<'_>], out: &mut [f32], scratch: &mut Scratch) -> Result<(), Misfit> {
        let Size { rows, cols } = self.output_size(maps)?;
        let n_pixels = rows * cols;
        if out.len() != self.geometry.outputs * n_pixels {
            return Err(Misfit);
        }
        self.run(maps, scratch, |block, pixel, rescale, sums| {
            let planes = out.iter_mut().skip(block * LANES * n_pixels + pixel).step_by(n_pixels);
            for (value, logit) in planes.zip(rescale.logits(sums)) {
                *value = logit;
            }
        })
    }

    /// Computes the sums of every pixel and hands them on, eight outputs at a time: number of the eight, pixel, how to
    /// finish them, sums.
    fn run(
        &self,
        maps: &[Map<'_>],
        scratch: &mut Scratch,
        mut finish: impl FnMut(usize, usize, &Rescale, &Sums),
    ) -> Result<(), Misfit> {
        let input = self.geometry.input_size(maps).ok_or(Misfit)?;
        let output = self.geometry.output_size(input).ok_or(Misfit)?;
        let Geometry { kernel, stride, .. } = self.geometry;
        let tile = self.method.tile();
        let across = output.cols.div_ceil(tile);
        let rows_at_once = tile * (TILES_AT_ONCE / across).max(1);
        let span = |axis: usize, outputs: usize| (outputs - 1) * stride[axis] + kernel[axis];
        let line_len = span(1, tile * across) * self.depth;
        scratch.band.clear();
        scratch.band.resize(span(0, rows_at_once) * line_len, 0);
        for top in (0..output.rows).step_by(rows_at_once) {
            for (line, y) in scratch.band.chunks_exact_mut(line_len).zip(top * stride[0]..) {
                self.fill(maps, input, y, line);
            }
            let block = Block { top, rows: rows_at_once.min(output.rows - top), across, line_len, output };
            match self.method {
                Method::Direct => self.direct(block, scratch, &mut finish),
                Method::Winograd => self.winograd(block, scratch, &mut finish),
            }
        }
        Ok(())
    }

    /// Writes one line of the band: row `y` of the input, counted from the first row of its margin, with the margins at
    /// both sides. What is outside of the input is 0.
    fn fill(&self, maps: &[Map<'_>], input: Size, y: usize, line: &mut [u8]) {
        let [top, left] = self.geometry.before;
        let Some(y) = y.checked_sub(top).filter(|&y| y < input.rows) else { return line.fill(0) };
        let (_, inside) = line.split_at_mut((left * self.depth).min(line.len()));
        let mut at = 0;
        for (part, map) in self.geometry.parts.iter().zip(maps) {
            let row = &map.levels[y / part.enlarged * map.size.cols * part.pitch..][..map.size.cols * part.pitch];
            if part.pitch == self.depth && part.enlarged == 1 {
                let n = row.len().min(inside.len());
                inside[..n].copy_from_slice(&row[..n]);
            } else {
                let pixels = row.chunks_exact(part.pitch).flat_map(|pixel| std::iter::repeat_n(pixel, part.enlarged));
                for (to, pixel) in inside.chunks_exact_mut(self.depth).zip(pixels) {
                    to[at..at + part.pitch].copy_from_slice(pixel);
                }
            }
            at += part.pitch;
        }
    }

    /// One matrix product: a row per output pixel, all of its kernel positions one after the other.
    fn direct(&self, block: Block, scratch: &mut Scratch, finish: &mut impl FnMut(usize, usize, &Rescale, &Sums)) {
        let Geometry { kernel, stride, .. } = self.geometry;
        let Block { top, rows, across, line_len, output } = block;
        let run = kernel[1] * self.depth;
        let row_len = kernel[0] * run;
        let n_pixels = rows * across;
        scratch.rows.resize(n_pixels.next_multiple_of(TILE_ROWS) * row_len, 0);
        for (y, rows) in scratch.rows.chunks_exact_mut(across * row_len).take(rows).enumerate() {
            for (x, row) in rows.chunks_exact_mut(row_len).enumerate() {
                for (k, values) in row.chunks_exact_mut(run).enumerate() {
                    let from = (y * stride[0] + k) * line_len + x * stride[1] * self.depth;
                    widen(&scratch.band[from..][..run], values);
                }
            }
        }
        let (pairs, _) = scratch.rows.as_chunks::<2>();
        let n_pairs = row_len / 2;
        for (eight, (weights, rescale)) in self.weights.chunks_exact(n_pairs).zip(&self.rescale).enumerate() {
            for (quad, rows) in pairs.chunks_exact(TILE_ROWS * n_pairs).enumerate() {
                let sums = dot_tile([0, 1, 2, 3].map(|i| &rows[i * n_pairs..][..n_pairs]), weights);
                let first = quad * TILE_ROWS;
                for (pixel, sums) in (first..n_pixels).zip(&sums) {
                    finish(eight, top * output.cols + pixel, rescale, sums);
                }
            }
        }
    }

    /// Sixteen matrix products: a row per tile.
    fn winograd(&self, block: Block, scratch: &mut Scratch, finish: &mut impl FnMut(usize, usize, &Rescale, &Sums)) {
        let Block { top, rows, across, line_len, output } = block;
        let down = rows.div_ceil(2);
        let n_quads = (down * across).div_ceil(TILE_ROWS);
        let mut n_rows = n_quads * TILE_ROWS;
        if (n_rows * self.depth).is_multiple_of(PAGE_OF_VALUES) {
            n_rows += TILE_ROWS;
        }
        let steps = Steps { pixel: self.depth, product: n_rows * self.depth, tile: self.depth };
        scratch.rows.resize(TILE_PRODUCTS * steps.product, 0);
        scratch.sums.resize(TILE_PRODUCTS * n_rows, Sums::default());
        for tile_row in 0..down {
            let lines = [0, 1, 2, 3].map(|i| &scratch.band[(2 * tile_row + i) * line_len..][..line_len]);
            for channel in (0..self.depth).step_by(LANES) {
                let spread = &mut scratch.rows[tile_row * across * self.depth + channel..];
                spread_tiles(lines.map(|line| &line[channel..]), across, spread, steps);
            }
        }
        let (pairs, _) = scratch.rows.as_chunks::<2>();
        let n_pairs = self.depth / 2;
        let per_eight = TILE_PRODUCTS * n_pairs;
        for (eight, (weights, rescale)) in self.weights.chunks_exact(per_eight).zip(&self.rescale).enumerate() {
            let products = pairs.chunks_exact(n_rows * n_pairs).zip(scratch.sums.chunks_exact_mut(n_rows));
            for ((rows, sums), weights) in products.zip(weights.chunks_exact(n_pairs)) {
                let quads = rows.chunks_exact(TILE_ROWS * n_pairs).zip(sums.as_chunks_mut::<TILE_ROWS>().0);
                for (rows, sums) in quads.take(n_quads) {
                    *sums = dot_tile([0, 1, 2, 3].map(|i| &rows[i * n_pairs..][..n_pairs]), weights);
                }
            }
            for tile in 0..down * across {
                let pixels = gather_tile(std::array::from_fn(|product| &scratch.sums[product * n_rows + tile]));
                let (y, x) = (top + tile / across * 2, tile % across * 2);
                for (i, sums) in pixels.iter().enumerate() {
                    let (y, x) = (y + i / 2, x + i % 2);
                    if y < output.rows && x < output.cols {
                        finish(eight, y * output.cols + x, rescale, sums);
                    }
                }
            }
        }
    }
}

/// Some rows of output that are worked on at once.
#[derive(Clone, Copy)]
struct Block {
    /// First row.
    top: usize,
    rows: usize,
    /// Tiles side by side.
    across: usize,
    /// Levels of a line of the band.
    line_len: usize,
    /// Size of the whole output.
    output: Size,
}

/// Eight values as the kernels take them.
fn lanes_of<T>(value: impl Fn(usize) -> T) -> [[T; 4]; 2] {
    [0, 4].map(|first| std::array::from_fn(|lane| value(first + lane)))
}

fn check(geometry: &Geometry, numbers: Numbers<'_>, method: Method) -> Result<(), Unusable> {
    let per_output = geometry.inputs() * geometry.kernel[0] * geometry.kernel[1];
    let parts_fit = geometry.parts.iter().all(|part| {
        part.channels > 0 && part.pitch >= part.channels && part.pitch.is_multiple_of(4) && part.enlarged > 0
    });
    let lengths = [numbers.bias.len(), numbers.scale.len(), numbers.weights.len().checked_div(per_output).unwrap_or(0)];
    let lengths_fit = lengths == [geometry.outputs; 3] && numbers.weights.len() == geometry.outputs * per_output;
    let method_fits = method == Method::Direct || Method::best(geometry) == method;
    let not_empty = geometry.outputs > 0 && geometry.stride.iter().chain(&geometry.kernel).all(|&n| n > 0);
    if !(parts_fit && lengths_fit && method_fits && not_empty) {
        return Err(Unusable::Form);
    }
    for (weights, bias) in numbers.weights.chunks_exact(per_output).zip(numbers.bias) {
        let most: i64 = weights.iter().map(|&w| i64::from(w).abs()).sum();
        let too_large = |&w: &i16| w.unsigned_abs() > LARGEST_SPREAD_WEIGHT.unsigned_abs();
        if 255 * most + i64::from(*bias).abs() >= SUMS_BELOW || weights.iter().any(too_large) {
            return Err(Unusable::Magnitude);
        }
    }
    let is_power = |&scale: &f32| scale.is_normal() && scale > 0.0 && scale.to_bits().trailing_zeros() >= 23;
    if numbers.scale.iter().all(is_power) { Ok(()) } else { Err(Unusable::Scale) }
}

/// Weights in the kernels' order; channels and outputs that only fill up are 0.
fn pack(geometry: &Geometry, weights: &[i16], method: Method) -> Vec<PairWeights> {
    let [kernel_rows, kernel_cols] = geometry.kernel;
    let (n_taps, depth) = (kernel_rows * kernel_cols, geometry.depth());
    let (n_products, row_len) = match method {
        Method::Direct => (1, n_taps * depth),
        Method::Winograd => (TILE_PRODUCTS, depth),
    };
    let mut packed = vec![PairWeights::default(); geometry.outputs.div_ceil(LANES) * n_products * row_len / 2];
    let mut put = |output: usize, product: usize, at: usize, weight: i16| {
        let row = (output / LANES * n_products + product) * row_len / 2;
        packed[row + at / 2][output % LANES / 4][output % 4 * 2 + at % 2] = weight;
    };
    let starts = geometry.parts.iter().scan(0, |at, part| Some(std::mem::replace(at, *at + part.pitch)));
    let places = geometry.parts.iter().zip(starts).flat_map(|(part, start)| start..start + part.channels);
    let places: Vec<usize> = places.collect();
    for (output, kernels) in weights.chunks_exact(n_taps * places.len()).enumerate() {
        for (&place, kernel) in places.iter().zip(kernels.chunks_exact(n_taps)) {
            match (method, kernel.first_chunk()) {
                (Method::Winograd, Some(kernel)) => {
                    for (product, weight) in spread_kernel(kernel).into_iter().enumerate() {
                        put(output, product, place, weight);
                    }
                }
                _ => {
                    for (tap, &weight) in kernel.iter().enumerate() {
                        put(output, 0, tap * depth + place, weight);
                    }
                }
            }
        }
    }
    packed
}
