//! The door to tract, which this file and those in its folder alone name: an ONNX file becomes a runnable net.
//!
//! tract reads, types and checks the file. Where the net is a quantized one whose arithmetic is exact, its graph is
//! rewritten to integer convolutions, for which one plan serves every size of input. Otherwise tract runs its own
//! operators in floating point; a plan is then made for each size that comes along, since tract optimises best when
//! every shape is known, and the plans used last are kept. Both give the same bits wherever both can run.

mod onnx;
mod operators;
mod rewrite;

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::prelude::*;

use super::{Model, ModelError, ModelSpec, RawHead};
use crate::input::InputTensor;

/// Plans kept at once. A plan holds the weights in floating point, about 4 MB for a net of a million parameters.
const PLANS_KEPT: usize = 6;

/// A net run by tract.
pub struct TractModel {
    spec: ModelSpec,
    engine: Engine,
}

enum Engine {
    /// Integer convolutions.
    Integer(Arc<TypedSimplePlan>),
    /// tract's own operators, and why.
    Plain(Box<Plain>, String),
}

/// Plans of tract's own operators.
struct Plain {
    // Invariant: the input's type and name are set, its shape is still open.
    graph: InferenceModel,
    // Most recently used last.
    plans: Vec<Plan>,
}

struct Plan {
    rows: usize,
    cols: usize,
    runnable: Arc<TypedSimplePlan>,
}

impl TractModel {
    /// Loads an ONNX file after checking that it is the one the spec pins. Runs as integer convolutions where they
    /// give the same bits, and as [`TractModel::load_plain`] has it otherwise.
    ///
    /// # Errors
    /// [`ModelError::Sha256`] for another file, [`ModelError::Engine`] if tract cannot read it.
    pub fn load(spec: ModelSpec, onnx: &[u8]) -> Result<Self, ModelError> {
        let graph = read(&spec, onnx, &onnx::reader())?;
        // Any size at which every layer has pixels; sides differ so that rows and columns cannot be mixed up.
        let (rows, cols) = (2 * spec.input.multiple, 3 * spec.input.multiple);
        let integer = typed(&spec, graph.clone(), rows, cols)
            .and_then(|typed| rewrite::rewrite(&typed))
            .and_then(|net| net.into_runnable());
        let engine = match integer {
            Ok(plan) => Engine::Integer(plan),
            Err(reason) => Engine::Plain(Box::new(Plain { graph, plans: Vec::new() }), format!("{reason:#}")),
        };
        Ok(Self { spec, engine })
    }

    /// Loads an ONNX file to be run by tract's own operators: the reference for [`TractModel::load`].
    ///
    /// # Errors
    /// Those of [`TractModel::load`].
    pub fn load_plain(spec: ModelSpec, onnx: &[u8]) -> Result<Self, ModelError> {
        let graph = read(&spec, onnx, &reference_reader())?;
        let engine =
            Engine::Plain(Box::new(Plain { graph, plans: Vec::new() }), "plain tract was asked for".to_owned());
        Ok(Self { spec, engine })
    }

    /// Why the net does not run as integer convolutions; nothing where it does.
    #[must_use]
    pub fn not_integer(&self) -> Option<&str> {
        match &self.engine {
            Engine::Integer(_) => None,
            Engine::Plain(_, reason) => Some(reason),
        }
    }
}

fn read(spec: &ModelSpec, onnx: &[u8], reader: &Onnx) -> Result<InferenceModel, ModelError> {
    spec.verify(onnx)?;
    reader.model_for_read(&mut Cursor::new(onnx)).map_err(engine("read the model"))
}

/// tract's own reader, for the reference; the page has the operators of quantized nets only.
fn reference_reader() -> Onnx {
    if cfg!(target_arch = "wasm32") { onnx::reader() } else { tract_onnx::onnx() }
}

/// The graph with every type and shape known.
fn typed(spec: &ModelSpec, mut graph: InferenceModel, rows: usize, cols: usize) -> TractResult<TypedModel> {
    let input = graph.node_by_name(&spec.input.name)?.id;
    graph.set_input_outlets(&[OutletId::new(input, 0)])?;
    graph.set_input_fact(0, u8::fact([1, 3, rows, cols]).into())?;
    graph.select_outputs_by_name(spec.outputs.iter().map(|output| output.name.as_str()))?;
    graph.into_typed()
}

impl Plain {
    fn plan(&mut self, spec: &ModelSpec, rows: usize, cols: usize) -> Result<Arc<TypedSimplePlan>, ModelError> {
        let kept = self.plans.iter().position(|plan| (plan.rows, plan.cols) == (rows, cols));
        let plan = match kept {
            Some(i) => self.plans.remove(i),
            None => {
                let optimised = typed(spec, self.graph.clone(), rows, cols).and_then(|typed| typed.into_optimized());
                let runnable = optimised.and_then(|net| net.into_runnable()).map_err(engine("optimise the model"))?;
                Plan { rows, cols, runnable }
            }
        };
        let runnable = Arc::clone(&plan.runnable);
        if self.plans.len() == PLANS_KEPT {
            self.plans.remove(0);
        }
        self.plans.push(plan);
        Ok(runnable)
    }
}

impl Model for TractModel {
    fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        let plan = match &mut self.engine {
            Engine::Integer(plan) => Arc::clone(plan),
            Engine::Plain(plain, _) => plain.plan(&self.spec, input.rows, input.cols)?,
        };
        let tensor =
            Tensor::from_shape(&[1, 3, input.rows, input.cols], &input.levels).map_err(engine("take the slices"))?;
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
