//! Lesionlens: a universal CT lesion detector that runs in the browser.
//!
//! The way of a slice, a file a stage: bytes → [`decode`] → [`slice::Slice`] → [`series::Series`] → [`input`] (tensor)
//! → [`model`] (tract) → [`heads`] (candidates, with diameters and type by [`measure`]) → [`nms`] →
//! [`detection::Detection`]; [`detector`] is that way from series to detections in one call, and [`link`] makes a
//! [`lesion::Lesion`] of detections over slices. [`view`] turns a slice into pixels, [`froc`] scores detections, [`report`]
//! is what goes out, [`study`] holds what a person has opened, [`codes`] lists every code, and `wasm` is the door for the
//! page's workers. [`phantom`] makes the synthetic sample study.
//!
//! Things can fail only at the two ends: bytes ([`decode::DecodeError`]) and the model ([`model::ModelError`]). Between
//! them are pure functions.
//!
//! The types that a user meets are [`study::Study`], [`slice::Slice`], [`series::Series`], [`detection::Detection`] and
//! [`model::ModelSpec`]; each has an example.
//!
//! This is research and teaching software. It is not a medical device.

pub mod codes;
pub mod decode;
pub mod detection;
pub mod detector;
pub mod fault;
pub mod froc;
pub mod geometry;
pub mod heads;
pub mod hounsfield;
pub mod input;
pub mod lesion;
pub mod link;
pub mod measure;
pub mod model;
pub mod nms;
pub mod phantom;
pub mod report;
pub mod series;
pub mod slice;
pub mod study;
pub mod thorough;
pub mod view;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
