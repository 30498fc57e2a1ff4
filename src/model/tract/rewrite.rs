//! From the graph that tract made of an ONNX file to one of [`QuantizedConvolution`]s with the same results.
//!
//! The graph is walked once in order, and what every tensor stands for is kept: levels, levels times a scale, or the
//! sums of a convolution. A convolution of levels whose sums become levels again, or an output of the net, turns into
//! one operator; `DequantizeLinear`, `Resize`, `Concat`, `Relu` and `QuantizeLinear` around it disappear into it.
//!
//! That is done only where floating point computes exactly: scales are powers of two, weights and biases whole
//! multiples of a power of two, sums below 2²⁴ such steps. Then plain tract and the integers give the same bits, in
//! any order of additions. Everything else is refused with a reason, and the net runs by plain tract.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::TypedConcat;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, PaddingSpec};
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::math::Max;
use tract_onnx::tract_core::ops::nn::DataFormat;
use tract_onnx::tract_core::ops::nn::resize::NearestUpsample;
use tract_onnx::tract_core::ops::quant::{DequantizeLinearF32, QuantizeLinearU8};
use tract_onnx::tract_core::ops::source::TypedSource;

use super::operators::{Interleave, Makes, QuantizedConvolution, input_pitch};
use crate::model::convolution::{Convolution, Geometry, Method, Numbers, Part, Scratch, pitch};

/// The graph of integers, for every size of input.
///
/// # Errors
/// Why it cannot be made, with the operator at which that was found.
pub(super) fn rewrite(graph: &TypedModel) -> TractResult<TypedModel> {
    let mut rewriter = Rewriter { graph, net: TypedModel::default(), values: HashMap::new(), scratch: Arc::default() };
    for id in graph.eval_order()? {
        let node = graph.node(id);
        if let Some(value) = rewriter.value_of(node).with_context(|| format!("{} {}", node.op.name(), node.name))? {
            rewriter.values.insert(id.into(), value);
        }
    }
    let outputs =
        graph.output_outlets()?.iter().map(|outlet| rewriter.head(*outlet)).collect::<TractResult<Vec<_>>>()?;
    let mut net = rewriter.net;
    net.select_output_outlets(&outputs)?;
    Ok(net)
}

/// What a tensor of the original graph stands for.
#[derive(Debug, Clone)]
enum Value {
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

struct Rewriter<'a> {
    graph: &'a TypedModel,
    net: TypedModel,
    values: HashMap<OutletId, Value>,
    scratch: Arc<Mutex<Scratch>>,
}

impl Rewriter<'_> {
    /// What a node's output stands for; nothing for a constant.
    fn value_of(&mut self, node: &TypedNode) -> TractResult<Option<Value>> {
        if node.op_is::<Const>() || node.op_is::<Cast>() && self.constant(node.inputs[0]).is_ok() {
            return Ok(None);
        }
        let value = if node.op_is::<TypedSource>() {
            self.source(node)?
        } else if let Some(op) = node.op_as::<DequantizeLinearF32>() {
            ensure!(op.zero_point == 0, "the zero point is not 0");
            let Value::Levels(pieces) = self.input(node, 0)? else { bail!("its input is no levels") };
            Value::Scaled(pieces, power_of_two(op.scale)?)
        } else if let Some(ElementWiseOp(op, _)) = node.op_as::<ElementWiseOp>() {
            let op = op.downcast_ref::<QuantizeLinearU8>().context("not covered")?;
            ensure!(op.zero_point == 0, "the zero point is not 0");
            let per_level = power_of_two(op.scale)?;
            match self.input(node, 0)? {
                Value::Scaled(pieces, scale) if scale * per_level == 1.0 => Value::Levels(pieces),
                Value::Sums(sums) => Value::Levels(vec![self.levels(&sums, per_level)?]),
                _ => bail!("levels of one scale are brought to another"),
            }
        } else if let Some(TypedBinOp(op, _)) = node.op_as::<TypedBinOp>() {
            ensure!(op.is::<Max>(), "not covered");
            self.relu(node)?
        } else if let Some(op) = node.op_as::<TypedConcat>() {
            ensure!(op.axis == 1, "axis {} is not that of channels", op.axis);
            self.concatenated(node)?
        } else if let Some(op) = node.op_as::<NearestUpsample>() {
            self.enlarged(node, op)?
        } else if let Some(op) = node.op_as::<Conv>() {
            Value::Sums(self.sums(node, op)?)
        } else {
            bail!("not covered")
        };
        Ok(Some(value))
    }

    fn input(&self, node: &TypedNode, slot: usize) -> TractResult<Value> {
        let outlet = node.inputs.get(slot).context("an input is missing")?;
        Ok(self.values.get(outlet).context("an input is a constant")?.clone())
    }

    /// A constant of the original graph, also where a cast that changes nothing stands before it.
    fn constant(&self, outlet: OutletId) -> TractResult<Arc<Tensor>> {
        let node = self.graph.node(outlet.node);
        if let (Some(cast), Some(&input)) = (node.op_as::<Cast>(), node.inputs.first()) {
            let constant = self.constant(input)?;
            ensure!(constant.datum_type() == cast.to, "a constant changes its type");
            return Ok(constant);
        }
        self.graph.outlet_fact(outlet)?.konst.clone().context("an input is not constant")
    }

    /// The net's input: from one plane per channel to channels side by side.
    fn source(&mut self, node: &TypedNode) -> TractResult<Value> {
        let fact = &node.outputs[0].fact;
        ensure!(self.values.is_empty(), "there is a second input");
        ensure!(fact.datum_type == u8::datum_type(), "the input is {:?}", fact.datum_type);
        let &[1, channels, _, _] = fact.shape.as_concrete().context("the input's shape is open")? else {
            bail!("the input's shape is {:?}", fact.shape)
        };
        let size = ["rows", "cols"].map(|name| TDim::from(self.net.symbols.sym(name)));
        let [rows, cols] = size;
        let slices = self.net.add_source(&node.name, u8::fact([1.to_dim(), channels.to_dim(), rows, cols]))?;
        let name = format!("{}.interleaved", node.name);
        let outlet = self.net.wire_node(name, Interleave { channels }, &[slices])?[0];
        let part = Part { channels, pitch: input_pitch(channels), enlarged: 1 };
        Ok(Value::Levels(vec![Piece { outlet, part }]))
    }

    /// max(x, 0). Levels are never below 0.
    fn relu(&self, node: &TypedNode) -> TractResult<Value> {
        let [a, b] = *node.inputs.as_slice() else { bail!("not covered") };
        let (slot, constant) = if let Ok(b) = self.constant(b) { (0, b) } else { (1, self.constant(a)?) };
        let is_zero = constant.try_as_plain_ram()?.as_slice::<f32>()?.iter().all(|&x| x == 0.0);
        ensure!(is_zero, "not a comparison with 0");
        Ok(match self.input(node, slot)? {
            Value::Sums(sums) => Value::Sums(Sums { has_relu: true, ..sums }),
            value => value,
        })
    }

    fn concatenated(&self, node: &TypedNode) -> TractResult<Value> {
        let mut pieces = Vec::new();
        let mut scale = None;
        for slot in 0..node.inputs.len() {
            let Value::Scaled(more, its_scale) = self.input(node, slot)? else { bail!("not levels with a scale") };
            ensure!(*scale.get_or_insert(its_scale) == its_scale, "scales differ");
            pieces.extend(more);
        }
        Ok(Value::Scaled(pieces, scale.context("nothing is concatenated")?))
    }

    /// Every pixel several times, as often in both directions.
    fn enlarged(&self, node: &TypedNode, op: &NearestUpsample) -> TractResult<Value> {
        let Value::Scaled(pieces, scale) = self.input(node, 0)? else { bail!("not levels with a scale") };
        let &[1, 1, times, across] = op.scales.as_slice() else { bail!("scales are {:?}", op.scales) };
        ensure!(times == across, "rows and columns are not enlarged alike");
        let more = |piece: Piece| Piece { part: Part { enlarged: times * piece.part.enlarged, ..piece.part }, ..piece };
        Ok(Value::Scaled(pieces.into_iter().map(more).collect(), scale))
    }

    fn sums(&self, node: &TypedNode, op: &Conv) -> TractResult<Sums> {
        let Value::Scaled(pieces, scale) = self.input(node, 0)? else { bail!("not levels with a scale") };
        let pool = &op.pool_spec;
        ensure!(op.group == 1 && op.q_params.is_none(), "groups or integer parameters");
        ensure!(op.kernel_fmt == KernelFormat::OIHW && pool.data_format == DataFormat::NCHW, "another order of axes");
        ensure!(pool.dilations().iter().all(|&d| d == 1), "dilations");
        let (before, after) = match &pool.padding {
            PaddingSpec::Explicit(before, after) => (pair(before)?, pair(after)?),
            PaddingSpec::Valid => ([0, 0], [0, 0]),
            padding => bail!("padding is {padding:?}"),
        };
        let geometry = Geometry {
            parts: pieces.iter().map(|piece| piece.part).collect(),
            outputs: pool.output_channels,
            kernel: pair(&pool.kernel_shape)?,
            stride: pair(&pool.strides())?,
            before,
            after,
        };
        let (weights, bias) = (self.constant(node.inputs[1])?, self.constant(node.inputs[2])?);
        let (weights, bias) = (weights.try_as_plain_ram()?, bias.try_as_plain_ram()?);
        let (weights, bias) = (weights.as_slice::<f32>()?, bias.as_slice::<f32>()?);
        let per_output = weights.len().checked_div(geometry.outputs).context("no output")?;
        ensure!(bias.len() == geometry.outputs && per_output > 0, "one bias for each output is expected");
        let mut steps = Steps { scale, ..Steps::default() };
        for (weights, &bias) in weights.chunks_exact(per_output).zip(bias) {
            steps.add_output(weights, bias)?;
        }
        let Steps { weights, bias, step, .. } = steps;
        let inputs = pieces.iter().map(|piece| piece.outlet).collect();
        Ok(Sums { name: node.name.clone(), inputs, geometry, weights, bias, step, has_relu: false })
    }

    /// Wires a convolution that makes levels, `per_level` of them to the unit of its sums.
    fn levels(&mut self, sums: &Sums, per_level: f32) -> TractResult<Piece> {
        let outlet = self.wire(sums, per_level, Makes::Levels)?;
        let outputs = sums.geometry.outputs;
        Ok(Piece { outlet, part: Part { channels: outputs, pitch: pitch(outputs), enlarged: 1 } })
    }

    /// Wires a convolution that makes an output of the net.
    fn head(&mut self, outlet: OutletId) -> TractResult<OutletId> {
        match self.values.get(&outlet).cloned() {
            Some(Value::Sums(sums)) if !sums.has_relu => self.wire(&sums, 1.0, Makes::Logits),
            _ => bail!("an output of the net is no plain convolution"),
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

fn power_of_two(scale: f32) -> TractResult<f32> {
    let is_power = scale.is_normal() && scale > 0.0 && scale.to_bits().trailing_zeros() >= 23;
    ensure!(is_power, "the scale {scale} is not a power of two");
    Ok(scale)
}

fn pair(values: &[usize]) -> TractResult<[usize; 2]> {
    values.try_into().map_err(|_| format_err!("{} spatial axes", values.len()))
}
