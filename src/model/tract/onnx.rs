//! The ONNX operators of quantized nets, and no others: `Conv`, `Relu`, `Concat`, `Resize` to the nearest pixel,
//! `QuantizeLinear` and `DequantizeLinear`.
//!
//! tract's own register has every operator of ONNX in it, and all of them would be part of the page's download. These
//! follow tract's, with the same results, as far as nets like the shipped one go, and refuse what goes further.

use tract_onnx::Onnx;
use tract_onnx::model::{OnnxOpRegister, ParsingContext, optional_inputs};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::nn::resize::NearestUpsample;
use tract_onnx::tract_core::ops::quant::{DequantizeLinearF32, quantize_linear_u8};
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::activations::Clip;
use tract_onnx::tract_hir::ops::array::Concat;
use tract_onnx::tract_hir::ops::cnn::{Conv, PaddingSpec};

/// An operator, and the names that it closes over: none.
type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

/// A reader of ONNX files with these operators.
pub(super) fn reader() -> Onnx {
    let mut op_register = OnnxOpRegister::default();
    op_register.insert("Concat", concat);
    op_register.insert("Conv", conv);
    op_register.insert("DequantizeLinear", dequantize_linear);
    op_register.insert("QuantizeLinear", quantize_linear);
    op_register.insert("Relu", |_, _| built(Clip::new(Some(0.0), None)));
    op_register.insert("Resize", resize);
    Onnx { op_register, ..Onnx::default() }
}

fn built(op: impl Expansion) -> Built {
    Ok((expand(op), vec![]))
}

fn concat(_: &ParsingContext, node: &NodeProto) -> Built {
    built(Concat::new(node.get_attr("axis")?))
}

fn conv(_: &ParsingContext, node: &NodeProto) -> Built {
    let padding = match node.get_attr_opt_tvec::<usize>("pads")? {
        Some(pads) => {
            let (before, after) = pads.split_at(pads.len() / 2);
            PaddingSpec::Explicit(before.into(), after.into())
        }
        None => PaddingSpec::Valid,
    };
    let auto_pad: Option<&str> = node.get_attr_opt("auto_pad")?;
    ensure!(auto_pad.is_none_or(|how| how == "NOTSET"), "automatic padding is not read");
    let mut op = Conv::default().padding(padding);
    if let Some(shape) = node.get_attr_opt_tvec("kernel_shape")? {
        op = op.kernel_shape(shape);
    }
    if let Some(strides) = node.get_attr_opt_tvec("strides")? {
        op = op.strides(strides);
    }
    if let Some(dilations) = node.get_attr_opt_tvec("dilations")? {
        op = op.dilations(dilations);
    }
    if let Some(group) = node.get_attr_opt("group")? {
        op = op.group(group);
    }
    if node.input.len() == 3 {
        op = op.bias_input(2);
    }
    built(op)
}

/// Forms of `Resize` that take the pixel at ⌊index / scale⌋.
fn resize(context: &ParsingContext, node: &NodeProto) -> Built {
    let is = |name: &str, default: &str, expected: &str| -> TractResult<()> {
        let found: &str = node.get_attr_opt(name)?.unwrap_or(default);
        ensure!(found == expected, "{name} is {found}; only {expected} is read");
        Ok(())
    };
    ensure!(context.onnx_operator_set_version >= 13, "Resize is read from operator set 13 on");
    is("mode", "nearest", "nearest")?;
    is("coordinate_transformation_mode", "half_pixel", "asymmetric")?;
    is("nearest_mode", "round_prefer_floor", "floor")?;
    ensure!(node.get_attr_opt_tvec::<i64>("axes")?.is_none(), "Resize of some axes is not read");
    let mut inputs = optional_inputs(node).skip(1);
    let (_roi, scales, sizes) = (inputs.next().flatten(), inputs.next().flatten(), inputs.next().flatten());
    ensure!(sizes.is_none(), "Resize is read with scales only");
    built(Resize { scales: scales.context("Resize without scales")? })
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Resize {
    /// The input that holds them.
    scales: usize,
}

/// Scales as whole numbers.
fn whole_scales(scales: &Tensor) -> TractResult<TVec<usize>> {
    let scales = scales.try_as_plain_ram()?;
    let whole = |&scale: &f32| (1..=16u8).find(|&n| f32::from(n) == scale).map(usize::from);
    scales.as_slice::<f32>()?.iter().map(whole).collect::<Option<_>>().context("scales must be whole numbers up to 16")
}

impl Expansion for Resize {
    fn name(&self) -> StaticName {
        "Resize".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, 1)?;
        let scales = inputs.get(self.scales).context("Resize without scales")?;
        s.equals(&inputs[0].datum_type, &outputs[0].datum_type)?;
        s.equals(&inputs[0].rank, &outputs[0].rank)?;
        s.given_2(&inputs[0].shape, &scales.value, move |s, shape, scales| {
            let scales = whole_scales(&scales)?;
            ensure!(scales.len() == shape.len(), "a scale for each axis is expected");
            for (axis, (length, scale)) in shape.iter().zip(scales).enumerate() {
                s.equals(&outputs[0].shape[axis], length.clone() * scale)?;
            }
            Ok(())
        })
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let scales = constant(model, inputs[self.scales])?;
        model.wire_node(name, NearestUpsample { scales: whole_scales(&scales)? }, &inputs[..1])
    }
}

fn quantize_linear(_: &ParsingContext, node: &NodeProto) -> Built {
    ensure!(node.input.len() == 3, "QuantizeLinear is read with a zero point only");
    built(QuantizeLinear)
}

/// To u8, with one scale.
#[derive(Debug, Clone, PartialEq, Eq)]
struct QuantizeLinear;

impl Expansion for QuantizeLinear {
    fn name(&self) -> StaticName {
        "QuantizeLinear".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 3)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[1].datum_type, f32::datum_type())?;
        s.equals(&outputs[0].datum_type, &inputs[2].datum_type)?;
        s.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let (scale, zero_point) = (constant(model, inputs[1])?, constant(model, inputs[2])?);
        let op = quantize_linear_u8(single::<f32>(&scale)?.recip(), single(&zero_point)?);
        model.wire_node(name, op, &inputs[..1])
    }
}

fn dequantize_linear(_: &ParsingContext, node: &NodeProto) -> Built {
    ensure!(node.input.len() == 3, "DequantizeLinear is read with a zero point only");
    let axis = node.get_attr_opt::<i64>("axis")?.unwrap_or(1);
    built(DequantizeLinear { axis: usize::try_from(axis).context("axes that count from the last are not read")? })
}

/// Levels with one scale, or constants with one for each place along `axis`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DequantizeLinear {
    axis: usize,
}

impl Expansion for DequantizeLinear {
    fn name(&self) -> StaticName {
        "DequantizeLinear".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 3)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[1].datum_type, f32::datum_type())?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.equals(&inputs[0].datum_type, &inputs[2].datum_type)?;
        s.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let (scale, zero_point) = (constant(model, inputs[1])?, constant(model, inputs[2])?);
        if let Ok(levels) = constant(model, inputs[0]) {
            let values = dequantized(&levels, &scale, &zero_point, self.axis)?;
            return Ok(tvec!(model.add_const(name, values)?));
        }
        let op = DequantizeLinearF32::new(single(&scale)?, single::<u8>(&zero_point)?.into());
        model.wire_node(name, op, &inputs[..1])
    }
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

fn constant(model: &TypedModel, outlet: OutletId) -> TractResult<Arc<Tensor>> {
    model.outlet_fact(outlet)?.konst.clone().context("scales, zero points and weights must be constants")
}

/// The one value of a tensor.
fn single<T: Datum + Copy>(tensor: &Tensor) -> TractResult<T> {
    let view = tensor.try_as_plain_ram()?;
    let &[value] = view.as_slice::<T>()? else { bail!("{} values where one is expected", tensor.len()) };
    Ok(value)
}
