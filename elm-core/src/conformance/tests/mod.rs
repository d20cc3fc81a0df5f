//! Is the suite itself right? It passes on the reference backend, the
//! reference agrees with central differences, and planted defects are caught.

mod altered;
mod differences;
mod hooked;
mod planted_in_baselines;
mod planted_in_gradients;
mod planted_in_primitives;
mod planted_in_scans;
mod planted_in_updates;

crate::conformance_tests!(crate::reference::Reference);

use super::tolerance::Tolerance;
use altered::{Altered, Planted};
use std::collections::HashSet;

#[test]
fn an_unaltered_backend_passes_every_case() {
    for (name, case) in super::cases::<Altered>() {
        if let Err(failure) = case(&Altered::default()) {
            panic!("{name}: {failure}");
        }
    }
}

/// Rounding every answer to f32 is what other backends do.
#[test]
fn rounding_to_single_precision_passes_every_case() {
    for (name, case) in super::cases::<Altered>() {
        if let Err(failure) = case(&Altered::rounded()) {
            panic!("{name}: {failure}");
        }
    }
}

/// Runs the case that is named for each defect; all must fail.
fn each_is_caught(defects: Vec<Planted>) {
    let cases = super::cases::<Altered>();
    let mut uncaught = Vec::new();
    for Planted { defect, backend, caught_by } in &defects {
        let case = cases.iter().find(|(name, _)| name == caught_by);
        let (_, case) = case.unwrap_or_else(|| panic!("there is no case {caught_by}"));
        match case(backend) {
            Ok(()) => uncaught.push(format!("{defect}: passes {caught_by}")),
            Err(failure) => println!("{defect}: {failure}"),
        }
    }
    assert!(uncaught.is_empty(), "{} defects uncaught: {uncaught:#?}", uncaught.len());
}

#[test]
fn every_case_catches_a_planted_defect() {
    let lists = [
        planted_in_primitives::functions(),
        planted_in_primitives::edges(),
        planted_in_primitives::layouts(),
        planted_in_primitives::variables(),
        planted_in_primitives::accepted(),
        planted_in_scans::ignored_options(),
        planted_in_scans::ignored_arguments(),
        planted_in_scans::wrong_answers(),
        planted_in_gradients::wrong_gradients(),
        planted_in_updates::formulas(),
        planted_in_updates::refusals(),
        planted_in_baselines::wrong_answers(),
    ];
    let catching: HashSet<&str> = lists.iter().flatten().map(|planted| planted.caught_by).collect();
    let idle: Vec<&str> = super::cases::<Altered>()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !catching.contains(name))
        .collect();
    assert!(idle.is_empty(), "no planted defect needs these cases: {idle:?}");
}

#[test]
fn tolerances_widen_from_class_to_class() {
    let classes =
        [Tolerance::Exact, Tolerance::Elementwise, Tolerance::Sum, Tolerance::Scan, Tolerance::ScanGradient];
    for pair in classes.windows(2) {
        let ((narrow, narrow_share), (wide, wide_share)) = (pair[0].bounds(), pair[1].bounds());
        assert!(narrow <= wide && narrow_share < wide_share, "{pair:?}");
    }
}
