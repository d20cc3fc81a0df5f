//! Who may import whom, read from cargo's own metadata.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const CRATES: [&str; 5] = ["elm-core", "elm-backend-candle", "elm-backend-tch", "elm-data", "elm-cli"];

/// Direct dependencies (not those of tests) of every workspace crate.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_string();
    let of_package = |package: &Value| {
        let list = package["dependencies"].as_array().unwrap();
        list.iter().filter(|d| d["kind"] != "dev").map(name).collect()
    };
    metadata["packages"].as_array().unwrap().iter().map(|p| (name(p), of_package(p))).collect()
}

#[test]
fn the_workspace_has_five_crates_and_no_other() {
    let found: BTreeSet<String> = dependencies().into_keys().collect();
    assert_eq!(found, CRATES.map(String::from).into());
}

#[test]
fn only_the_cli_sees_everything_and_backends_see_the_core_only() {
    let dependencies = dependencies();
    let ours = |name: &str| -> BTreeSet<&str> {
        dependencies[name].iter().map(String::as_str).filter(|d| d.starts_with("elm-")).collect()
    };
    assert_eq!(ours("elm-core"), BTreeSet::new());
    assert_eq!(ours("elm-data"), BTreeSet::new());
    assert_eq!(ours("elm-backend-candle"), BTreeSet::from(["elm-core"]));
    assert_eq!(ours("elm-backend-tch"), BTreeSet::from(["elm-core"]));
}

#[test]
fn tensor_libraries_stay_behind_their_wall() {
    let dependencies = dependencies();
    let libraries = |name: &str| -> Vec<&String> {
        let is_tensor_library = |d: &&String| {
            d.starts_with("candle") || *d == "tch" || *d == "torch-sys" || d.starts_with("burn")
        };
        dependencies[name].iter().filter(is_tensor_library).collect()
    };
    for name in ["elm-core", "elm-data", "elm-cli"] {
        assert!(libraries(name).is_empty(), "{name} depends on {:?}", libraries(name));
    }
    assert!(libraries("elm-backend-candle").iter().all(|d| d.starts_with("candle")));
    assert!(libraries("elm-backend-tch").iter().all(|d| d.starts_with("tch") || d.starts_with("torch")));
}

#[test]
fn the_core_opens_no_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../elm-core/src");
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // The card of tests has its kernels compiled by the system's compiler.
            if path.ends_with("kernel/cuda/emulated.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("std::fs") && !code.contains("std::net"), "{}", path.display());
        }
    }
}
