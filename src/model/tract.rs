//! The door to tract, which this file and those in its folder alone name: an ONNX file becomes a runnable net.
//!
//! tract reads the file, owns the graph, plans and runs it. Where the net is a quantized one whose arithmetic is exact,
//! the graph is one of integer convolutions, for which one plan serves every size of input. Otherwise tract's own
//! operators run it in floating point, in builds with the feature `plain`; without it such a net is refused, and the
//! module is a third of the size. Both give the same bits wherever both can run.

mod operators;
#[cfg(feature = "plain")]
mod plain;
mod rewrite;

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use super::{Model, ModelError, ModelSpec, RawHead};
use crate::input::InputTensor;

/// Slices that are the net's input.
const N_SLICES: usize = 3;

/// A net run by tract.
pub struct TractModel {
    spec: ModelSpec,
    engine: Engine,
}

enum Engine {
    /// Integer convolutions.
    Integer(Arc<TypedSimplePlan>),
    /// tract's own operators, and why.
    #[cfg(feature = "plain")]
    Plain(Box<plain::Plain>, String),
}

impl TractModel {
    /// Loads an ONNX file after checking that it is the one the spec pins. It runs as integer convolutions where they
    /// give the same bits, and as `load_plain` has it otherwise.
    ///
    /// # Errors
    /// [`ModelError::Sha256`] for another file, [`ModelError::Engine`] if tract cannot read it, or if it needs the
    /// feature `plain` and that is missing.
    pub fn load(spec: ModelSpec, onnx: &[u8]) -> Result<Self, ModelError> {
        let file = read(&spec, onnx)?;
        let engine = match integer(&spec, &file) {
            Ok(plan) => Engine::Integer(plan),
            #[cfg(feature = "plain")]
            Err(reason) => Engine::Plain(Box::new(load_plain(&file)?), format!("{reason:#}")),
            #[cfg(not(feature = "plain"))]
            Err(reason) => return Err(engine("run the model as integers")(reason)),
        };
        Ok(Self { spec, engine })
    }

    /// Loads an ONNX file to be run by tract's own operators: the reference for [`TractModel::load`].
    ///
    /// # Errors
    /// [`ModelError::Sha256`] for another file, [`ModelError::Engine`] if tract cannot read it.
    #[cfg(feature = "plain")]
    pub fn load_plain(spec: ModelSpec, onnx: &[u8]) -> Result<Self, ModelError> {
        let plain = load_plain(&read(&spec, onnx)?)?;
        Ok(Self { spec, engine: Engine::Plain(Box::new(plain), "plain tract was asked for".to_owned()) })
    }

    /// Why the net does not run as integer convolutions; nothing where it does.
    #[must_use]
    pub fn not_integer(&self) -> Option<&str> {
        match &self.engine {
            Engine::Integer(_) => None,
            #[cfg(feature = "plain")]
            Engine::Plain(_, reason) => Some(reason),
        }
    }
}

fn read(spec: &ModelSpec, onnx: &[u8]) -> Result<ModelProto, ModelError> {
    spec.verify(onnx)?;
    Onnx::default().proto_model_for_read(&mut Cursor::new(onnx)).map_err(engine("read the model"))
}

fn integer(spec: &ModelSpec, file: &ModelProto) -> TractResult<Arc<TypedSimplePlan>> {
    let outputs: Vec<&str> = spec.outputs.iter().map(|output| output.name.as_str()).collect();
    let graph = file.graph.as_ref().ok_or_else(|| TractError::msg("the file has no graph"))?;
    rewrite::rewrite(graph, &spec.input.name, N_SLICES, &outputs)?.into_runnable()
}

#[cfg(feature = "plain")]
fn load_plain(file: &ModelProto) -> Result<plain::Plain, ModelError> {
    plain::Plain::new(file).map_err(engine("read the model"))
}

impl Model for TractModel {
    fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        let plan = match &mut self.engine {
            Engine::Integer(plan) => Arc::clone(plan),
            #[cfg(feature = "plain")]
            Engine::Plain(plain, _) => {
                plain.plan(&self.spec, input.rows, input.cols).map_err(engine("optimise the model"))?
            }
        };
        let shape = [1, N_SLICES, input.rows, input.cols];
        let tensor = Tensor::from_shape(&shape, &input.levels).map_err(engine("take the slices"))?;
        let outputs = plan.run(tvec!(tensor.into())).map_err(engine("run the model"))?;
        let n_channels = self.spec.channels.len();
        let head = |(spec, tensor): (&super::OutputSpec, &TValue)| {
            let (rows, cols) = (input.rows / spec.stride, input.cols / spec.stride);
            let expected = [1, n_channels, rows, cols];
            if tensor.shape() != expected {
                let (name, found) = (spec.name.clone(), tensor.shape().to_vec());
                return Err(ModelError::OutputShape { name, expected, found });
            }
            let values = tensor.to_plain_array_view::<f32>().map_err(engine("read the output"))?;
            Ok(RawHead { stride: spec.stride, rows, cols, values: values.iter().copied().collect() })
        };
        self.spec.outputs.iter().zip(outputs.iter()).map(head).collect()
    }
}

/// Wraps tract's errors with what was being done.
fn engine(action: &'static str) -> impl Fn(TractError) -> ModelError {
    move |source| ModelError::Engine { action, source: source.into() }
}
