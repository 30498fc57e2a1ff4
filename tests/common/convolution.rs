//! Random convolutions, and their results by definition: a slow twin of the kernels, for native tests and the browser.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "values are clamped before they are cast, and sums are exact"
)]

use lesionlens::model::convolution::{
    Convolution, Geometry, Map, Method, Numbers, Part, SUMS_BELOW, Scratch, Size, pitch,
};

/// Knuth's 64-bit linear congruential generator.
pub(crate) struct Random(u64);

impl Random {
    /// 0 to `n - 1`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(n).unwrap()).unwrap()
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    fn signed(&mut self, most: usize) -> i64 {
        i64::try_from(self.below(2 * most + 1)).unwrap() - i64::try_from(most).unwrap()
    }
}

/// A convolution with its input.
pub(crate) struct Case {
    pub geometry: Geometry,
    pub size: Size,
    /// Per part: levels of its maps, channels fastest, not filled up.
    pub levels: Vec<Vec<u8>>,
    pub weights: Vec<i16>,
    pub bias: Vec<i32>,
    pub scale: Vec<f32>,
}

impl Case {
    /// One to three parts of 1 to 40 channels, kernels of 1 to 5, strides of 1 to 3, margins of 0 to 3, of any sizes,
    /// and in one case out of four nothing but the largest levels and weights.
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Random(seed);
        let r = &mut random;
        let parts: Vec<_> = (0..r.between(1, 3))
            .map(|_| {
                let most = if r.below(4) == 0 { 40 } else { 12 };
                let channels = r.between(1, most);
                let filled = if r.below(2) == 0 { channels.next_multiple_of(4) } else { pitch(channels) };
                Part { channels, pitch: filled, enlarged: r.between(1, 2) }
            })
            .collect();
        let three = r.below(2) == 0;
        let mut pair = |low, high, fixed| if three { [fixed; 2] } else { [r.between(low, high), r.between(low, high)] };
        let (kernel, stride) = (pair(1, 5, 3), pair(1, 3, 1));
        let (before, after) = (pair(0, 3, 1), pair(0, 3, 1));
        let geometry = Geometry { parts, outputs: r.between(1, 21), kernel, stride, before, after };
        let size = Size { rows: 2 * r.between(3, 12), cols: 2 * r.between(3, 24) };
        let extreme = r.below(4) == 0;
        let levels = geometry.parts.iter().map(|part| {
            let n = size.rows * size.cols / part.enlarged.pow(2) * part.channels;
            (0..n).map(|_| if extreme { 255 } else { u8::try_from(r.below(256)).unwrap() }).collect()
        });
        let levels = levels.collect();
        let per_output = geometry.inputs() * kernel[0] * kernel[1];
        // As large as sums allow, and no larger than int8.
        let most = usize::try_from(SUMS_BELOW).unwrap() / 2 / 255 / per_output;
        let most = most.clamp(1, 127);
        let weights = (0..geometry.outputs * per_output)
            .map(|_| if extreme { i64::try_from(most).unwrap() } else { r.signed(most) })
            .map(|weight| weight.try_into().unwrap())
            .collect();
        let bias = (0..geometry.outputs).map(|_| r.signed(100_000).try_into().unwrap()).collect();
        let scale = (0..geometry.outputs).map(|_| 0.5f32.powi(r.between(4, 14).try_into().unwrap())).collect();
        Self { geometry, size, levels, weights, bias, scale }
    }

    fn size_of(&self, part: &Part) -> Size {
        Size { rows: self.size.rows / part.enlarged, cols: self.size.cols / part.enlarged }
    }

    /// Levels as they lie in memory, filled up with zeros.
    fn maps(&self) -> Vec<Vec<u8>> {
        let filled = |(levels, part): (&Vec<u8>, &Part)| {
            let zeros = vec![0; part.pitch - part.channels];
            levels.chunks(part.channels).flat_map(|pixel| [pixel, &zeros].concat()).collect()
        };
        self.levels.iter().zip(&self.geometry.parts).map(filled).collect()
    }

    /// Levels (rows × cols × pitch) and logits (outputs × rows × cols) by the kernels.
    pub(crate) fn run(&self, method: Method) -> (Vec<u8>, Vec<f32>) {
        let numbers = Numbers { weights: &self.weights, bias: &self.bias, scale: &self.scale };
        let convolution = Convolution::new(self.geometry.clone(), numbers, method).unwrap();
        let levels = self.maps();
        let maps = levels.iter().zip(&self.geometry.parts);
        let maps: Vec<_> = maps.map(|(levels, part)| Map { size: self.size_of(part), levels }).collect();
        let Size { rows, cols } = convolution.output_size(&maps).unwrap();
        let mut scratch = Scratch::default();
        // What stood there before does not matter.
        let mut levels = vec![77; rows * cols * pitch(self.geometry.outputs)];
        let mut logits = vec![7.0; rows * cols * self.geometry.outputs];
        convolution.levels(&maps, &mut levels, &mut scratch).unwrap();
        convolution.logits(&maps, &mut logits, &mut scratch).unwrap();
        (levels, logits)
    }

    /// The same by definition, one product after the other.
    pub(crate) fn by_definition(&self) -> (Vec<u8>, Vec<f32>) {
        let Geometry { outputs, kernel, stride, before, .. } = self.geometry;
        let Size { rows, cols } = self.geometry.output_size(self.size).unwrap();
        let mut levels = vec![0; rows * cols * pitch(outputs)];
        let mut logits = vec![0.0; rows * cols * outputs];
        let n_taps = kernel[0] * kernel[1];
        for output in 0..outputs {
            for (y, x) in (0..rows).flat_map(|y| (0..cols).map(move |x| (y, x))) {
                let mut sum = i64::from(self.bias[output]);
                for tap in 0..n_taps {
                    let at = |p: usize, axis: usize, t: usize| (p * stride[axis] + t).checked_sub(before[axis]);
                    let (Some(y), Some(x)) = (at(y, 0, tap / kernel[1]), at(x, 1, tap % kernel[1])) else { continue };
                    if y >= self.size.rows || x >= self.size.cols {
                        continue;
                    }
                    let mut input = 0;
                    for (part, levels) in self.geometry.parts.iter().zip(&self.levels) {
                        let pixel = y / part.enlarged * self.size_of(part).cols + x / part.enlarged;
                        for &level in &levels[pixel * part.channels..][..part.channels] {
                            let weight = self.weights[(output * self.geometry.inputs() + input) * n_taps + tap];
                            sum += i64::from(weight) * i64::from(level);
                            input += 1;
                        }
                    }
                }
                let value = sum as f64 * f64::from(self.scale[output]);
                levels[(y * cols + x) * pitch(outputs) + output] = value.round_ties_even().clamp(0.0, 255.0) as u8;
                logits[(output * rows + y) * cols + x] = value as f32;
            }
        }
        (levels, logits)
    }

    /// Whether 3×3 kernels with stride 1 over whole groups of eight channels make both methods possible.
    pub(crate) fn methods(&self) -> Vec<Method> {
        let best = Method::best(&self.geometry);
        if best == Method::Direct { vec![best] } else { vec![Method::Direct, best] }
    }
}

/// Compares both methods with the definition.
pub(crate) fn check(seed: u64) {
    let case = Case::random(seed);
    let (levels, logits) = case.by_definition();
    for method in case.methods() {
        let (found_levels, found_logits) = case.run(method);
        assert!(found_levels == levels, "levels differ by {method:?} for seed {seed}: {:?}", case.geometry);
        assert!(found_logits == logits, "logits differ by {method:?} for seed {seed}: {:?}", case.geometry);
    }
}
