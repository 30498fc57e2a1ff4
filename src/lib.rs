//! Lesionlens: a universal CT lesion detector that runs in the browser.

pub mod detection;
pub mod geometry;
pub mod hounsfield;
pub mod phantom;
pub mod slice;
