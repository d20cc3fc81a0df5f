//! Who may import whom inside of this crate, read from its source.

use std::path::{Path, PathBuf};

/// The modules from the ground floor up; one imports from lower storeys only.
/// The backend's storey is the trait and what is composed from it: a trait's
/// default methods and the functions over the trait know each other.
const STOREYS: [&[&str]; 12] = [
    &["error"],
    &["shape", "random"],
    &["spec"],
    &["kernel"],
    &["device"],
    &["backend", "ops", "scan", "layers", "optimizer"],
    &["model"],
    &["baseline", "deploy"],
    &["train", "reference"],
    &["analysis"],
    &["theory"],
    &["records", "conformance"],
];

/// The only storey whose modules import each other.
const BACKEND: usize = 5;

/// Names at the top of the crate that are re-exported from a module.
const EXPORTED: [(&str, &str); 3] = [("Backend", "backend"), ("Error", "error"), ("Result", "error")];

fn storey(module: &str) -> usize {
    let module = EXPORTED.iter().find(|(name, _)| *name == module).map_or(module, |(_, from)| from);
    let found = STOREYS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| panic!("{module} has no storey: say in this test where it belongs"))
}

/// All source files below a folder, without tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.file_stem().unwrap().to_str().unwrap() {
            "tests" | "lib" => {}
            _ if path.is_dir() => found.extend(files(&path)),
            _ => found.push(path),
        }
    }
    found
}

/// Modules of the crate's top that the code of a file names.
fn imports(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in lines {
        for (at, name) in line.match_indices("crate::") {
            // `$crate::` stands in macros for other crates.
            if !line[..at].ends_with(['$', '_']) {
                let rest = &line[at + name.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                found.push(rest[..end].to_string());
            }
        }
    }
    found
}

#[test]
fn no_module_imports_from_a_higher_storey() {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let (mut upward, mut seen) = (Vec::new(), 0);
    for path in files(source) {
        let inside = path.strip_prefix(source).unwrap();
        let top = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let own = top.trim_end_matches(".rs");
        for other in imports(&std::fs::read_to_string(&path).unwrap()) {
            seen += 1;
            let (here, there) = (storey(own), storey(&other));
            let exported = EXPORTED.iter().find(|(name, _)| *name == other).map(|(_, from)| *from);
            let same = exported.unwrap_or(&other) == own;
            if there > here || (there == here && !same && here != BACKEND) {
                upward.push(format!("{} imports {other}", inside.display()));
            }
        }
    }
    assert!(seen > 200, "only {seen} imports were found: has the source moved?");
    assert!(upward.is_empty(), "{upward:#?}");
}
