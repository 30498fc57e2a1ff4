//! From an ONNX graph, as tract reads it, to a tract graph of [`QuantizedConvolution`]s with the same results.
//!
//! The nodes are walked once in order, and what every tensor stands for is kept: a constant, levels, levels times a
//! scale, or the sums of a convolution. A convolution of levels whose sums become levels again, or an output of the net,
//! turns into one operator; `DequantizeLinear`, `Resize`, `Concat`, `Relu` and `QuantizeLinear` around it disappear
//! into it.
//!
//! That is done only where floating point computes exactly: scales are powers of two, weights and biases whole
//! multiples of a power of two, sums below 2²⁴ such steps. Then plain tract and the integers give the same bits, in
//! any order of additions. Everything else is refused with a reason.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tract_onnx::Onnx;
use tract_onnx::model::optional_inputs;
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::tensor::load_tensor;
use tract_onnx::tract_core::internal::*;

use super::operators::{Interleave, Makes, QuantizedConvolution, input_pitch};
use crate::model::convolution::{Convolution, Geometry, Method, Numbers, Part, Scratch, pitch};

/// The net of integers, for every size of input: u8 `[1, channels, rows, cols]`, named `input`, to the named outputs.
///
/// # Errors
/// Why it cannot be made, with the node at which that was found.
pub(super) fn rewrite(graph: &GraphProto, input: &str, channels: usize, outputs: &[&str]) -> TractResult<TypedModel> {
    let mut rewriter = Rewriter::new(graph)?;
    rewriter.source(input, channels)?;
    for node in &graph.node {
        let name = node.output.first().context("a node has no output")?;
        let value = rewriter.value_of(node).with_context(|| format!("{} {name}", node.op_type))?;
        rewriter.values.insert(name.clone(), value);
    }
    let heads = outputs.iter().map(|name| rewriter.head(name)).collect::<TractResult<Vec<_>>>()?;
    let mut net = rewriter.net;
    net.select_output_outlets(&heads)?;
    Ok(net)
}

/// What a tensor of the original graph stands for.
#[derive(Debug, Clone)]
enum Value {
    /// Of any type.
    Constant(Arc<Tensor>),
    /// u8, zero point 0.
    Levels(Vec<Piece>),
    /// f32: levels times a power of two.
    Scaled(Vec<Piece>, f32),
    /// f32: what a convolution makes of scaled levels.
    Sums(Sums),
}

/// A map of levels in the new graph, with the channels that it gives to a tensor.
#[derive(Debug, Clone)]
struct Piece {
    outlet: OutletId,
    part: Part,
}

/// A convolution of which it is not yet known what becomes of its sums.
#[derive(Debug, Clone)]
struct Sums {
    name: String,
    inputs: Vec<OutletId>,
    geometry: Geometry,
    weights: Vec<i16>,
    bias: Vec<i32>,
    /// Value of one step of the sums, per output.
    step: Vec<f32>,
    has_relu: bool,
}

struct Rewriter {
    net: TypedModel,
    values: HashMap<String, Value>,
    scratch: Arc<Mutex<Scratch>>,
}

impl Rewriter {
    /// With the graph's constants.
    fn new(graph: &GraphProto) -> TractResult<Self> {
        let files = Onnx::default().provider;
        let named = graph.initializer.iter().map(|proto| {
            let tensor = load_tensor(&*files, proto, None)?;
            Ok((proto.name.clone(), Value::Constant(Arc::new(tensor))))
        });
        Ok(Self { net: TypedModel::default(), values: named.collect::<TractResult<_>>()?, scratch: Arc::default() })
    }

    /// The net's input: from one plane per channel to channels side by side.
    fn source(&mut self, name: &str, channels: usize) -> TractResult<()> {
        let [rows, cols] = ["rows", "cols"].map(|name| TDim::from(self.net.symbols.sym(name)));
        let slices = self.net.add_source(name, u8::fact([1.to_dim(), channels.to_dim(), rows, cols]))?;
        let outlet = self.net.wire_node(format!("{name}.interleaved"), Interleave { channels }, &[slices])?[0];
        let part = Part { channels, pitch: input_pitch(channels), enlarged: 1 };
        self.values.insert(name.to_owned(), Value::Levels(vec![Piece { outlet, part }]));
        Ok(())
    }

    /// What a node's output stands for.
    fn value_of(&mut self, node: &NodeProto) -> TractResult<Value> {
        match node.op_type.as_str() {
            "DequantizeLinear" => self.dequantized(node),
            "QuantizeLinear" => self.quantized(node),
            "Relu" => self.relu(node),
            "Concat" => self.concatenated(node),
            "Resize" => self.enlarged(node),
            "Conv" => Ok(Value::Sums(self.sums(node)?)),
            _ => bail!("not covered"),
        }
    }

    fn input(&self, node: &NodeProto, slot: usize) -> TractResult<&Value> {
        let name = node.input.get(slot).context("an input is missing")?;
        self.values.get(name).with_context(|| format!("nothing is known of {name}"))
    }

    fn constant(&self, node: &NodeProto, slot: usize) -> TractResult<&Tensor> {
        let Value::Constant(tensor) = self.input(node, slot)? else { bail!("input {slot} is not constant") };
        Ok(tensor)
    }

    fn scaled(&self, node: &NodeProto, slot: usize) -> TractResult<(Vec<Piece>, f32)> {
        let Value::Scaled(pieces, scale) = self.input(node, slot)? else {
            bail!("input {slot} is not levels by a scale")
        };
        Ok((pieces.clone(), *scale))
    }

    /// The scale of a node between levels and numbers, its zero point being 0.
    fn scale(&self, node: &NodeProto) -> TractResult<f32> {
        ensure!(single::<u8>(self.constant(node, 2)?)? == 0, "the zero point is not 0");
        let scale = single::<f32>(self.constant(node, 1)?)?;
        let is_power = scale.is_normal() && scale > 0.0 && scale.to_bits().trailing_zeros() >= 23;
        ensure!(is_power, "the scale {scale} is not a power of two");
        Ok(scale)
    }

    fn dequantized(&self, node: &NodeProto) -> TractResult<Value> {
        Ok(match self.input(node, 0)? {
            Value::Levels(pieces) => Value::Scaled(pieces.clone(), self.scale(node)?),
            Value::Constant(levels) => {
                let axis = usize::try_from(node.get_attr_opt::<i64>("axis")?.unwrap_or(1))?;
                let values = dequantized(levels, self.constant(node, 1)?, self.constant(node, 2)?, axis)?;
                Value::Constant(Arc::new(values))
            }
            _ => bail!("its input is no levels"),
        })
    }

    fn quantized(&mut self, node: &NodeProto) -> TractResult<Value> {
        let scale = self.scale(node)?;
        match self.input(node, 0)?.clone() {
            Value::Scaled(pieces, its_scale) if its_scale == scale => Ok(Value::Levels(pieces)),
            Value::Sums(sums) => {
                let outlet = self.wire(&sums, scale.recip(), Makes::Levels)?;
                let channels = sums.geometry.outputs;
                let part = Part { channels, pitch: pitch(channels), enlarged: 1 };
                Ok(Value::Levels(vec![Piece { outlet, part }]))
            }
            _ => bail!("levels of one scale are brought to another"),
        }
    }

    /// Levels are never below 0.
    fn relu(&self, node: &NodeProto) -> TractResult<Value> {
        Ok(match self.input(node, 0)?.clone() {
            Value::Sums(sums) => Value::Sums(Sums { has_relu: true, ..sums }),
            Value::Scaled(pieces, scale) => Value::Scaled(pieces, scale),
            _ => bail!("not covered"),
        })
    }

    fn concatenated(&self, node: &NodeProto) -> TractResult<Value> {
        ensure!(node.get_attr::<i64>("axis")? == 1, "not along the channels");
        let parts = (0..node.input.len()).map(|slot| self.scaled(node, slot)).collect::<TractResult<Vec<_>>>()?;
        let scale = parts.first().context("nothing is concatenated")?.1;
        ensure!(parts.iter().all(|part| part.1 == scale), "scales differ");
        Ok(Value::Scaled(parts.into_iter().flat_map(|(pieces, _)| pieces).collect(), scale))
    }

    /// Every pixel several times, as often in both directions: the pixel at ⌊index / scale⌋.
    fn enlarged(&self, node: &NodeProto) -> TractResult<Value> {
        let is = |name: &str, default: &str, expected: &str| -> TractResult<()> {
            let found: &str = node.get_attr_opt(name)?.unwrap_or(default);
            ensure!(found == expected, "{name} is {found}, not {expected}");
            Ok(())
        };
        is("mode", "nearest", "nearest")?;
        is("coordinate_transformation_mode", "half_pixel", "asymmetric")?;
        is("nearest_mode", "round_prefer_floor", "floor")?;
        ensure!(node.get_attr_opt_tvec::<i64>("axes")?.is_none(), "axes are named");
        let present: Vec<bool> = optional_inputs(node).take(4).map(|input| input.is_some()).collect();
        ensure!(present == [true, false, true, false], "not by scales alone");
        let scales = self.constant(node, 2)?.try_as_plain_ram()?;
        let &[1.0, 1.0, down, across] = scales.as_slice::<f32>()? else { bail!("scales are not for rows and columns") };
        let times = (1..=8u8).find(|&n| f32::from(n) == down && down == across).context("scales are not whole")?;
        let (mut pieces, scale) = self.scaled(node, 0)?;
        for piece in &mut pieces {
            piece.part.enlarged *= usize::from(times);
        }
        Ok(Value::Scaled(pieces, scale))
    }

    fn sums(&self, node: &NodeProto) -> TractResult<Sums> {
        let (pieces, scale) = self.scaled(node, 0)?;
        let pair = |name: &str| -> TractResult<Option<[usize; 2]>> {
            let Some(values) = node.get_attr_opt_tvec::<usize>(name)? else { return Ok(None) };
            Ok(Some(values.as_slice().try_into().with_context(|| format!("{} {name}", values.len()))?))
        };
        let auto_pad: Option<&str> = node.get_attr_opt("auto_pad")?;
        ensure!(auto_pad.is_none_or(|how| how == "NOTSET"), "padding is {auto_pad:?}");
        ensure!(node.get_attr_opt::<i64>("group")?.is_none_or(|n| n == 1), "groups");
        ensure!(pair("dilations")?.is_none_or(|d| d == [1, 1]), "dilations");
        let pads = node.get_attr_opt_tvec::<usize>("pads")?.unwrap_or_else(|| tvec!(0; 4));
        let &[top, left, bottom, right] = pads.as_slice() else { bail!("{} margins", pads.len()) };
        let weights = self.constant(node, 1)?;
        let &[outputs, inputs, kernel_rows, kernel_cols] = weights.shape() else { bail!("not two-dimensional") };
        let geometry = Geometry {
            parts: pieces.iter().map(|piece| piece.part).collect(),
            outputs,
            kernel: [kernel_rows, kernel_cols],
            stride: pair("strides")?.unwrap_or([1, 1]),
            before: [top, left],
            after: [bottom, right],
        };
        ensure!(inputs == geometry.inputs(), "weights for {inputs} channels meet {}", geometry.inputs());
        let mut steps = Steps { scale, ..Steps::default() };
        let (weights, bias) = (weights.try_as_plain_ram()?, self.constant(node, 2)?.try_as_plain_ram()?);
        let (weights, bias) = (weights.as_slice::<f32>()?, bias.as_slice::<f32>()?);
        ensure!(bias.len() == outputs && !weights.is_empty(), "one bias for each output is expected");
        for (weights, &bias) in weights.chunks_exact(weights.len() / outputs).zip(bias) {
            steps.add_output(weights, bias)?;
        }
        let Steps { weights, bias, step, .. } = steps;
        let inputs = pieces.iter().map(|piece| piece.outlet).collect();
        Ok(Sums { name: node.name.clone(), inputs, geometry, weights, bias, step, has_relu: false })
    }

    /// Wires a convolution that makes an output of the net.
    fn head(&mut self, name: &str) -> TractResult<OutletId> {
        match self.values.get(name).cloned() {
            Some(Value::Sums(sums)) if !sums.has_relu => self.wire(&sums, 1.0, Makes::Logits),
            _ => bail!("the output {name} is no plain convolution"),
        }
    }

    fn wire(&mut self, sums: &Sums, per_unit: f32, makes: Makes) -> TractResult<OutletId> {
        let scale: Vec<f32> = sums.step.iter().map(|step| step * per_unit).collect();
        let numbers = Numbers { weights: &sums.weights, bias: &sums.bias, scale: &scale };
        let method = Method::best(&sums.geometry);
        let convolution = Arc::new(Convolution::new(sums.geometry.clone(), numbers, method)?);
        let op = QuantizedConvolution { convolution, makes, scratch: Arc::clone(&self.scratch) };
        let name = self.net.unique_name(&sums.name);
        Ok(self.net.wire_node(name, op, &sums.inputs)?[0])
    }
}

/// Numbers of a convolution in steps, output after output.
#[derive(Default)]
struct Steps {
    /// Of the levels that are convolved.
    scale: f32,
    weights: Vec<i16>,
    bias: Vec<i32>,
    step: Vec<f32>,
}

impl Steps {
    /// Takes the largest power of two of which weights, and bias by the levels' scale, are whole multiples.
    fn add_output(&mut self, weights: &[f32], bias: f32) -> TractResult<()> {
        let bias = f64::from(bias) / f64::from(self.scale);
        let exponents = weights.iter().map(|&w| w.into()).chain([bias]).filter_map(lowest_bit);
        let exponent = exponents.min().unwrap_or(0);
        let step = 2f64.powi(exponent);
        for &weight in weights {
            let whole = f64::from(weight) / step;
            ensure!(whole.abs() <= f64::from(i16::MAX), "weights have no common step");
            #[allow(clippy::cast_possible_truncation, reason = "a whole number, as its size was just checked")]
            self.weights.push(whole as i16);
        }
        let whole = bias / step;
        ensure!(whole.abs() <= f64::from(i32::MAX), "a bias is too large");
        #[allow(clippy::cast_possible_truncation, reason = "a whole number, as its size was just checked")]
        self.bias.push(whole as i32);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a power of two, which is checked for range where it is used"
        )]
        self.step.push((step * f64::from(self.scale)) as f32);
        Ok(())
    }
}

/// Exponent of the lowest bit that is set in a number; nothing for 0. A number without end has an exponent so low
/// that no weight is a small multiple of it.
fn lowest_bit(x: f64) -> Option<i32> {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = x.to_bits();
    let fraction = bits & ((1 << FRACTION) - 1) | 1 << FRACTION;
    let exponent = i32::try_from(bits >> FRACTION & 0x7ff).unwrap_or_default() - 1075;
    (x != 0.0).then(|| if x.is_normal() { exponent + fraction.trailing_zeros().cast_signed() } else { -1074 })
}

/// (level − zero point) · scale, both of which may differ along `axis`.
fn dequantized(levels: &Tensor, scale: &Tensor, zero_point: &Tensor, axis: usize) -> TractResult<Tensor> {
    let shape = levels.shape();
    let (levels, zero_point) = (levels.cast_to::<i32>()?, zero_point.cast_to::<i32>()?);
    let (levels, scale, zero_point) =
        (levels.try_as_plain_ram()?, scale.try_as_plain_ram()?, zero_point.try_as_plain_ram()?);
    let (levels, scale, zero_point) =
        (levels.as_slice::<i32>()?, scale.as_slice::<f32>()?, zero_point.as_slice::<i32>()?);
    let (n_places, inner) = match scale.len() {
        1 => (1, levels.len()),
        n => (n, shape.iter().skip(axis + 1).product()),
    };
    let fits = n_places == 1 || shape.get(axis) == Some(&n_places);
    ensure!(fits && zero_point.len() == n_places, "scales and zero points do not fit {shape:?}");
    let values = levels.iter().enumerate().map(|(at, level)| {
        let place = at / inner % n_places;
        #[allow(clippy::cast_precision_loss, reason = "tract's own DequantizeLinear converts so")]
        let steps = (level - zero_point[place]) as f32;
        steps * scale[place]
    });
    Tensor::from_shape(shape, &values.collect::<Vec<f32>>())
}

/// The one value of a tensor.
fn single<T: Datum + Copy>(tensor: &Tensor) -> TractResult<T> {
    let view = tensor.try_as_plain_ram()?;
    let &[value] = view.as_slice::<T>()? else { bail!("{} values where one is expected", tensor.len()) };
    Ok(value)
}
