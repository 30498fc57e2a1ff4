//! tract's own operators in floating point: the reference, and the way of nets that the integers do not cover.
//!
//! A plan is made for each input size that comes along, since tract optimises best when every shape is known. Sizes are
//! multiples of 32 that follow the body's outline, so a study needs few; the plans used last are kept.

use std::sync::Arc;

use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use crate::model::ModelSpec;

/// Plans kept at once. A plan holds the weights in floating point, about 4 MB for a net of a million parameters.
const PLANS_KEPT: usize = 6;

/// A net and its plans.
pub(super) struct Plain {
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

impl Plain {
    /// Takes an ONNX file as tract read it.
    pub(super) fn new(file: &ModelProto) -> TractResult<Self> {
        Ok(Self { graph: tract_onnx::onnx().model_for_proto_model(file)?, plans: Vec::new() })
    }

    /// The plan for inputs of `rows × cols`.
    pub(super) fn plan(&mut self, spec: &ModelSpec, rows: usize, cols: usize) -> TractResult<Arc<TypedSimplePlan>> {
        let kept = self.plans.iter().position(|plan| (plan.rows, plan.cols) == (rows, cols));
        let plan = match kept {
            Some(i) => self.plans.remove(i),
            None => Plan { rows, cols, runnable: self.optimised(spec, rows, cols)? },
        };
        let runnable = Arc::clone(&plan.runnable);
        if self.plans.len() == PLANS_KEPT {
            self.plans.remove(0);
        }
        self.plans.push(plan);
        Ok(runnable)
    }

    fn optimised(&self, spec: &ModelSpec, rows: usize, cols: usize) -> TractResult<Arc<TypedSimplePlan>> {
        let mut graph = self.graph.clone();
        let input = graph.node_by_name(&spec.input.name)?.id;
        graph.set_input_outlets(&[OutletId::new(input, 0)])?;
        graph.set_input_fact(0, u8::fact([1, 3, rows, cols]).into())?;
        graph.select_outputs_by_name(spec.outputs.iter().map(|output| output.name.as_str()))?;
        graph.into_optimized()?.into_runnable()
    }
}
