//! The reference records against the reference backend.

use elm_core::model::StoredValues;
use elm_core::records::{Answers, Case, Tolerance, answer, built_in, compare, parse};
use elm_core::reference::Reference;
use std::path::PathBuf;

/// All records, or nothing (said loudly) where they are absent.
fn records() -> Vec<(Case, Answers, Tolerance)> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/fixtures");
    let folder = std::env::var_os("ELM_FIXTURES").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: the reference records are absent; set ELM_FIXTURES to their folder");
        return Vec::new();
    };
    let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    names.sort();
    let read = |path: &PathBuf| {
        let numbers = std::fs::read(path.with_extension("safetensors")).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        parse(&name, &std::fs::read(path).unwrap(), &numbers).unwrap()
    };
    names.iter().map(read).collect()
}

#[test]
fn every_record_agrees() {
    for (case, expected, tolerance) in records() {
        let got = answer(&Reference, &case).unwrap();
        for deviation in compare(&expected, &got, &case.weights, &tolerance).unwrap() {
            assert!(deviation.is_ok(), "{}: {deviation:?}", case.name);
        }
    }
}

/// Multiplying any one trainable tensor by 1.001 (zeros become 1e-3) must be noticed.
#[test]
fn every_changed_tensor_is_caught() {
    for (case, expected, tolerance) in records() {
        for (prefix, layout) in case.network.layouts() {
            for named in &layout.tensors {
                let name = format!("{prefix}.{}", named.name);
                let mut changed = case.clone();
                let tensor = changed.weights.tensors.get_mut(&name).unwrap();
                let StoredValues::F32(values) = &mut tensor.values else { panic!("{name} holds integers") };
                values.iter_mut().for_each(|v| *v = if *v == 0.0 { 1e-3 } else { *v * 1.001 });
                let got = answer(&Reference, &changed).unwrap();
                let deviations = compare(&expected, &got, &case.weights, &tolerance).unwrap();
                assert!(
                    deviations.iter().any(|d| !d.is_ok()),
                    "{}: a changed {name} went unnoticed",
                    case.name
                );
            }
        }
    }
}

/// The timescales in the records are as they were initialised where they are fixed.
#[test]
fn initial_timescales_are_the_authors() {
    for (case, ..) in records() {
        for (l, layer) in case.network.layers.iter().enumerate() {
            let name = format!("layers.{l}.memory.tau_raw");
            let StoredValues::F32(stored) = &case.weights.tensors[&name].values else { panic!("{name}") };
            for (ours, theirs) in layer.initial_tau_raw().iter().zip(stored) {
                let close = ours == theirs || (ours - theirs).abs() < 2e-3 * (1.0 + theirs.abs());
                assert!(close, "{} layer {l}: {ours} is not {theirs}", case.name);
            }
        }
    }
}

#[test]
fn built_in_cases_answer_everything() {
    for case in built_in().unwrap() {
        let answers = answer(&Reference, &case).unwrap();
        assert_eq!(answers.outputs.len(), 2, "{}", case.name);
        assert!(answers.loss.unwrap().is_finite());
        assert_eq!(answers.losses.len(), 4);
        let gradients: f32 = answers.gradients.values().flatten().map(|g| g.abs()).sum();
        assert!(gradients > 0.0, "{}", case.name);
    }
}
