//! The one file that names tract: an ONNX file becomes a runnable net.
//!
//! A plan is made for each input size that comes along, since tract optimises best when every shape is known. Sizes are
//! multiples of 32 that follow the body's outline, so a study needs few; the plans used last are kept.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::{Model, ModelError, ModelSpec, RawHead};
use crate::input::InputTensor;

/// Plans kept at once. A plan holds the weights in floating point, about 4 MB for a net of a million parameters.
const PLANS_KEPT: usize = 6;

/// A net run by tract.
pub struct TractModel {
    spec: ModelSpec,
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
    /// Loads an ONNX file after checking that it is the one the spec pins.
    ///
    /// # Errors
    /// [`ModelError::Sha256`] for another file, [`ModelError::Engine`] if tract cannot read it.
    pub fn load(spec: ModelSpec, onnx: &[u8]) -> Result<Self, ModelError> {
        spec.verify(onnx)?;
        let graph = tract_onnx::onnx().model_for_read(&mut Cursor::new(onnx)).map_err(engine("read the model"))?;
        Ok(Self { spec, graph, plans: Vec::new() })
    }

    fn plan(&mut self, rows: usize, cols: usize) -> Result<Arc<TypedSimplePlan>, ModelError> {
        let kept = self.plans.iter().position(|plan| (plan.rows, plan.cols) == (rows, cols));
        let plan = match kept {
            Some(i) => self.plans.remove(i),
            None => Plan { rows, cols, runnable: self.optimised(rows, cols).map_err(engine("optimise the model"))? },
        };
        let runnable = Arc::clone(&plan.runnable);
        if self.plans.len() == PLANS_KEPT {
            self.plans.remove(0);
        }
        self.plans.push(plan);
        Ok(runnable)
    }

    fn optimised(&self, rows: usize, cols: usize) -> TractResult<Arc<TypedSimplePlan>> {
        let mut graph = self.graph.clone();
        let input = graph.node_by_name(&self.spec.input.name)?.id;
        graph.set_input_outlets(&[OutletId::new(input, 0)])?;
        graph.set_input_fact(0, u8::fact([1, 3, rows, cols]).into())?;
        let outputs = self.spec.outputs.iter().map(|output| output.name.as_str());
        graph.select_outputs_by_name(outputs)?;
        graph.into_optimized()?.into_runnable()
    }
}

impl Model for TractModel {
    fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        let plan = self.plan(input.rows, input.cols)?;
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
