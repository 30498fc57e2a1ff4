//! The setting "thorough": a net that looks at each slice twice, as it is and mirrored.
//!
//! In: a [`Model`] and an [`InputTensor`]. Out: the mean of the heads of the input and of those of its mirror image,
//! which are turned back first. A body is nearly symmetric in what lesions look like, so both are guesses at the same
//! thing and their mean errs less (flip averaging, as in CornerNet, Law and Deng 2018). It takes twice the net's time.

use crate::input::InputTensor;
use crate::model::{Channel, Model, ModelError, ModelSpec, RawHead};

/// A net that runs twice for each slice.
#[derive(Debug)]
pub struct Thorough<'m, M>(pub &'m mut M);

impl<M: Model> Model for Thorough<'_, M> {
    fn spec(&self) -> &ModelSpec {
        self.0.spec()
    }

    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        let mut heads = self.0.run(input)?;
        let others = self.0.run(&mirrored(input))?;
        let channels = &self.0.spec().channels;
        for (head, other) in heads.iter_mut().zip(&others) {
            average(head, other, channels);
        }
        Ok(heads)
    }
}

/// The input with its columns in reverse.
fn mirrored(input: &InputTensor) -> InputTensor {
    let mut levels = input.levels.clone();
    for row in levels.chunks_exact_mut(input.cols) {
        row.reverse();
    }
    InputTensor { levels, ..*input }
}

/// Means of the values of a head and of the head of the mirrored input, which is turned back: columns in reverse, the
/// centre's distance from the cell's left edge measured from its right one, the long diameter's angle with the opposite
/// sign.
fn average(head: &mut RawHead, other: &RawHead, channels: &[Channel]) {
    let n_cells = head.rows * head.cols;
    let planes = head.values.chunks_exact_mut(n_cells).zip(other.values.chunks_exact(n_cells));
    for ((mine, theirs), channel) in planes.zip(channels) {
        for (mine, theirs) in mine.chunks_exact_mut(head.cols).zip(theirs.chunks_exact(head.cols)) {
            for (value, &turned) in mine.iter_mut().zip(theirs.iter().rev()) {
                let turned = match channel {
                    Channel::Dx => 1.0 - turned,
                    Channel::Sin2Theta => -turned,
                    _ => turned,
                };
                *value = 0.5 * (*value + turned);
            }
        }
    }
}
