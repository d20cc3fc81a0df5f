//! `elm verify` on the reference records, and on records made wrong.

mod common;

use common::{Place, further_records, records};
use elm_core::model::{StoredTensors, StoredValues};
use std::path::PathBuf;

#[test]
fn built_in_records_agree() {
    let place = Place::new();
    for scan in ["auto", "composed"] {
        let ran = place.run(&["verify", "--scan", scan, "--json"]);
        let reports: Vec<serde_json::Value> = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        assert_eq!(reports.len(), 11);
        for report in reports {
            assert_eq!(report["ok"], true, "{report}");
            let worst = report["worst"].as_object().unwrap();
            assert_eq!(worst.len(), 5, "{report}");
        }
    }
}

#[test]
fn reference_records_agree() {
    for scan in ["composed", "fused"] {
        verify(&records(), scan);
    }
}

#[test]
fn further_records_agree() {
    let further = further_records();
    for scan in ["composed", "fused"].iter().filter(|_| !further.is_empty()) {
        verify(&further, scan);
    }
}

/// Each record is met, and by this scan.
fn verify(records: &[PathBuf], scan: &str) {
    let place = Place::new();
    let mut command = place.command(&["verify", "--scan", scan, "--json"]);
    let ran = common::Ran::of(command.args(records).output().unwrap());
    let reports: Vec<serde_json::Value> = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(reports.len(), records.len());
    for report in reports {
        assert_eq!((&report["ok"], &report["scan"]), (&true.into(), &scan.into()), "{report}");
    }
}

/// Each trainable tensor times 1.001 (zeros become 1e-3) must be noticed.
#[test]
fn every_changed_tensor_is_caught() {
    let place = Place::new();
    let changed = place.path("changed");
    std::fs::create_dir(&changed).unwrap();
    let mut count = 0;
    for json in [records(), further_records()].concat() {
        let original = std::fs::read(json.with_extension("safetensors")).unwrap();
        let stored = StoredTensors::from_bytes("record", &original).unwrap();
        let text = std::fs::read_to_string(&json).unwrap();
        let learnable =
            text.contains("learn_memory_tau\": true") || text.contains("memory_tau_learnable\": true");
        let is_trainable = |name: &&String| {
            let fixed = ["connectome", "routing", "indices", "mask", "tau_s", "tau_b"]
                .iter()
                .any(|part| name.contains(part));
            let timescale = name.contains("tau_raw") || name.contains("_proto_tau_m");
            let trained = stored.tensors.contains_key(&name.replace("param.", "grad."));
            name.starts_with("param.") && !fixed && (!timescale || (learnable && trained))
        };
        for name in stored.tensors.keys().filter(is_trainable) {
            let mut other = stored.clone();
            if let Some(StoredValues::F32(values)) =
                other.tensors.get_mut(name).map(|tensor| &mut tensor.values)
            {
                values.iter_mut().for_each(|v| *v = if *v == 0.0 { 1e-3 } else { *v * 1.001 });
            }
            let stem = format!("{}-{name}", json.file_stem().unwrap().to_string_lossy());
            std::fs::copy(&json, changed.join(format!("{stem}.json"))).unwrap();
            std::fs::write(changed.join(format!("{stem}.safetensors")), other.to_bytes().unwrap()).unwrap();
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
    let ran = place.run(&["verify", "changed", "--json"]);
    let reports: Vec<serde_json::Value> = serde_json::from_str(&ran.expect(1, &[]).out).unwrap();
    assert_eq!(reports.len(), count);
    for report in reports {
        assert_eq!(report["ok"], false, "{} went unnoticed", report["record"]);
    }
}

#[test]
fn records_that_cannot_be_read() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    place.run(&["verify", "absent.json"]).expect(1, &["cannot read absent.json"]);
    place.run(&["verify", "empty"]).expect(1, &["no record here"]);
    place.write("bad.json", "{}");
    place.write("bad.safetensors", "");
    place.run(&["verify", "bad.json"]).expect(1, &["bad.json", "missing field"]);
    place.run(&["verify", "--backend", "none"]).expect(2, &["there is no backend \"none\""]);
}
