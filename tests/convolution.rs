//! Integer convolutions against their definition.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

#[path = "common/convolution.rs"]
mod twin;

use lesionlens::model::convolution::{Convolution, Geometry, Map, Method, Misfit, Numbers, Part, Size, Unusable};
use proptest::prelude::*;
use twin::Case;

proptest! {
    #[test]
    fn kernels_equal_the_definition_bit_for_bit(seed: u64) {
        twin::check(seed);
    }
}

#[test]
fn random_cases_reach_both_methods_saturation_and_channels_that_fill_no_lane() {
    let cases: Vec<_> = (0..200).map(Case::random).collect();
    let n = |holds: &dyn Fn(&&Case) -> bool| cases.iter().filter(holds).count();
    assert!(n(&|case| case.methods().contains(&Method::Winograd)) > 20);
    assert!(n(&|case| case.geometry.outputs % 8 != 0) > 100);
    assert!(n(&|case| case.geometry.parts.iter().any(|part| part.enlarged == 2)) > 50);
    assert!(n(&|case| case.by_definition().0.contains(&255)) > 50);
    assert!(n(&|case| case.geometry.stride != [1, 1]) > 50);
}

fn geometry() -> Geometry {
    let parts = vec![Part { channels: 8, pitch: 8, enlarged: 1 }];
    Geometry { parts, outputs: 1, kernel: [3, 3], stride: [1, 1], before: [1, 1], after: [1, 1] }
}

fn built(weights: &[i16], bias: i32, scale: f32) -> Result<Convolution, Unusable> {
    let numbers = Numbers { weights, bias: &[bias], scale: &[scale] };
    Convolution::new(geometry(), numbers, Method::best(&geometry()))
}

#[test]
fn halves_are_rounded_to_even_levels() {
    let mut weights = [0; 72];
    weights[4] = 1;
    let convolution = built(&weights, 0, 0.5).unwrap();
    let levels: Vec<u8> = (0..6).flat_map(|level| [level, 0, 0, 0, 0, 0, 0, 0]).collect();
    let map = Map { size: Size { rows: 1, cols: 6 }, levels: &levels };
    let mut out = [0; 48];
    convolution.levels(&[map], &mut out, &mut Default::default()).unwrap();
    let first: Vec<u8> = out.iter().step_by(8).copied().collect();
    assert_eq!(first, [0, 0, 1, 2, 2, 2]);
}

#[test]
fn numbers_that_would_not_be_exact_are_refused() {
    assert!(built(&[1; 72], 0, 0.25).is_ok());
    assert_eq!(built(&[1; 71], 0, 0.25).unwrap_err(), Unusable::Form);
    assert_eq!(built(&[1; 72], 0, 0.3).unwrap_err(), Unusable::Scale);
    assert_eq!(built(&[1; 72], 0, -0.25).unwrap_err(), Unusable::Scale);
    assert_eq!(built(&[913; 72], 0, 0.25).map(drop), Ok(()));
    assert_eq!(built(&[914; 72], 0, 0.25).unwrap_err(), Unusable::Magnitude);
    assert_eq!(built(&[0; 72], 1 << 24, 0.25).unwrap_err(), Unusable::Magnitude);
    let mut one = [0; 72];
    one[0] = 3641;
    assert_eq!(built(&one, 0, 0.25).unwrap_err(), Unusable::Magnitude, "it would not fit once it is spread");
}

#[test]
fn winograd_is_for_3_by_3_kernels_with_stride_1_only() {
    let strided = Geometry { stride: [2, 2], ..geometry() };
    assert_eq!(Method::best(&strided), Method::Direct);
    let numbers = Numbers { weights: &[0; 72], bias: &[0], scale: &[1.0] };
    assert_eq!(Convolution::new(strided, numbers, Method::Winograd).unwrap_err(), Unusable::Form);
}

#[test]
fn maps_of_other_sizes_are_refused() {
    let convolution = built(&[1; 72], 0, 1.0).unwrap();
    let size = Size { rows: 4, cols: 4 };
    let levels = [0; 128];
    let map = Map { size, levels: &levels };
    assert_eq!(convolution.output_size(&[map]), Ok(size));
    assert_eq!(convolution.output_size(&[map, map]), Err(Misfit));
    assert_eq!(convolution.output_size(&[Map { size, levels: &levels[1..] }]), Err(Misfit));
    assert_eq!(convolution.levels(&[map], &mut [0; 127], &mut Default::default()), Err(Misfit));
}
