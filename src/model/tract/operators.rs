//! tract operators over the integer kernels: levels stay u8, channels fastest, from the input to the heads.
//!
//! Facts and tensors between these operators have the shape rows × cols × pitch, without a batch axis; sizes may be
//! symbols, so that one plan serves every size of input.

use std::sync::{Arc, Mutex, PoisonError};

use tract_onnx::tract_core::internal::*;

use crate::model::convolution::{Convolution, Geometry, Map, Scratch, Size, pitch};

/// Channels of the net's input in memory: the first convolution reads few, so they are filled up to 4 only.
pub(super) fn input_pitch(channels: usize) -> usize {
    channels.next_multiple_of(4)
}

/// `[1, channels, rows, cols]` u8 to `[rows, cols, pitch]` u8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interleave {
    pub(super) channels: usize,
}

impl Op for Interleave {
    fn name(&self) -> StaticName {
        "Interleave".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Interleave {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let &[1, channels, rows, cols] = input.shape() else { bail!("{:?} is no slice", input.shape()) };
        ensure!(channels == self.channels, "{channels} channels instead of {}", self.channels);
        let pitch = input_pitch(channels);
        let mut output = Tensor::zero::<u8>(&[rows, cols, pitch])?;
        let (from, mut to) = (input.try_as_plain_ram()?, output.try_as_plain_ram_mut()?);
        let (from, to) = (from.as_slice::<u8>()?, to.as_slice_mut::<u8>()?);
        for (channel, plane) in from.chunks_exact(rows * cols).enumerate() {
            for (pixel, &level) in to.chunks_exact_mut(pitch).zip(plane) {
                pixel[channel] = level;
            }
        }
        Ok(tvec!(output.into()))
    }
}

impl TypedOp for Interleave {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let [_, _, rows, cols] = inputs[0].shape.dims() else { bail!("{:?} is no slice", inputs[0].shape) };
        Ok(tvec!(u8::fact([rows.clone(), cols.clone(), input_pitch(self.channels).to_dim()])))
    }
}

/// What a convolution makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    /// u8 `[rows, cols, pitch]`.
    Levels,
    /// f32 `[1, outputs, rows, cols]`.
    Logits,
}

/// A quantized convolution with all that is fused into it; its inputs are the maps of its parts.
#[derive(Debug, Clone)]
pub(super) struct QuantizedConvolution {
    pub(super) convolution: Arc<Convolution>,
    pub(super) makes: Makes,
    /// Shared by all convolutions of a net, which run one after the other.
    pub(super) scratch: Arc<Mutex<Scratch>>,
}

impl PartialEq for QuantizedConvolution {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.convolution, &other.convolution) && self.makes == other.makes
    }
}

impl Eq for QuantizedConvolution {}

impl Op for QuantizedConvolution {
    fn name(&self) -> StaticName {
        "QuantizedConvolution".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(vec![format!("{:?}", self.convolution.geometry())])
    }

    op_as_typed_op!();
}

impl EvalOp for QuantizedConvolution {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let views: Vec<_> = inputs.iter().map(|input| input.try_as_plain_ram()).collect::<TractResult<_>>()?;
        let mut maps = Vec::with_capacity(inputs.len());
        for (input, view) in inputs.iter().zip(&views) {
            let &[rows, cols, _] = input.shape() else { bail!("{:?} is no feature map", input.shape()) };
            maps.push(Map { size: Size { rows, cols }, levels: view.as_slice::<u8>()? });
        }
        let Size { rows, cols } = self.convolution.output_size(&maps)?;
        let outputs = self.convolution.geometry().outputs;
        // What a panic left behind is overwritten.
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut output;
        match self.makes {
            Makes::Levels => {
                output = Tensor::zero::<u8>(&[rows, cols, pitch(outputs)])?;
                let mut to = output.try_as_plain_ram_mut()?;
                self.convolution.levels(&maps, to.as_slice_mut()?, &mut scratch)?;
            }
            Makes::Logits => {
                output = Tensor::zero::<f32>(&[1, outputs, rows, cols])?;
                let mut to = output.try_as_plain_ram_mut()?;
                self.convolution.logits(&maps, to.as_slice_mut()?, &mut scratch)?;
            }
        }
        Ok(tvec!(output.into()))
    }
}

impl TypedOp for QuantizedConvolution {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let Geometry { parts, outputs, kernel, stride, before, after } = self.convolution.geometry();
        let dims = inputs[0].shape.dims();
        let along = |axis: usize| -> TDim {
            let input = dims[axis].clone() * parts[0].enlarged;
            (input + (before[axis] + after[axis]) - kernel[axis]) / stride[axis] + 1
        };
        let (rows, cols) = (along(0), along(1));
        Ok(tvec!(match self.makes {
            Makes::Levels => u8::fact([rows, cols, pitch(*outputs).to_dim()]),
            Makes::Logits => f32::fact([1.to_dim(), outputs.to_dim(), rows, cols]),
        }))
    }
}
