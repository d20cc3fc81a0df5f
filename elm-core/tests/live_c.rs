//! Deployed networks from C and Python: the library, its header, the examples.

use elm_core::deploy::{DeployedNetwork, InputForm, InputKind, LiveFile, OutputForm, OutputKind};
use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::{Head, NetworkOptions};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// The version whose header is the one in the repository.
const CBINDGEN: &str = "cbindgen 0.29.4";

/// Past the capture of passing tests, so that it is seen.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// What a program answers; `None` where there is no such program.
fn run(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{command:?}: {error}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The folder with the shared library, built once as the README says but for
/// the profile, which is that of this test.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(HERE).args([
            "rustc",
            "-p",
            "elm-core",
            "--features",
            "c",
            "--crate-type",
            "cdylib",
        ]);
        build.arg("--target-dir").arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let built = build.output().unwrap();
        assert!(built.status.success(), "{}", text(&built.stderr));
        folder.to_path_buf()
    })
}

fn library_file() -> PathBuf {
    library().join(format!("{}elm_core{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

/// A file of a network in a folder of this test.
fn network(name: &str) -> (PathBuf, LiveFile) {
    let network = NetworkOptions::new(7, 3).num_hidden(12).head(Head::Linear).resolve().unwrap();
    let weights = network.initial_weights(11);
    let (input, output) = (InputForm::new(InputKind::Events), OutputForm::new(OutputKind::Class));
    let file = LiveFile { network, weights, input, output, written_by: "a test".into(), step: 0 };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file.to_bytes().unwrap()).unwrap();
    (path, file)
}

/// What the examples print, computed here.
fn wanted(file: &LiveFile) -> Vec<Vec<f32>> {
    let mut network = DeployedNetwork::new(file, Simd::Auto, 1).unwrap();
    let inputs = network.inputs() as u32;
    (0..10).map(|step| network.step(LiveInput::Events(&[(step % inputs, 1.0)])).unwrap().to_vec()).collect()
}

fn printed(output: &Output) -> Vec<Vec<f32>> {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let row = |line: &str| line.split(' ').map(|word| word.parse().unwrap()).collect();
    text(&output.stdout).lines().map(row).collect()
}

/// Compiles and links a program; `None` where there is no compiler.
fn compiled(source: &Path, name: &str) -> Option<PathBuf> {
    let (program, library) = (Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), library());
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]).arg(source);
    compiler.arg("-I").arg(Path::new(HERE).join("include")).arg("-L").arg(library).arg("-lelm_core");
    compiler.arg(format!("-Wl,-rpath,{}", library.display())).arg("-o").arg(&program);
    let Some(output) = run(&mut compiler) else {
        skipped("no C compiler `cc`: the library was not tried from C");
        return None;
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(program)
}

#[test]
fn a_program_in_c_gets_the_numbers_that_rust_gets() {
    let Some(program) = compiled(&Path::new(HERE).join("examples/live/live.c"), "live") else { return };
    let (path, file) = network("c.safetensors");
    let output = Command::new(&program).arg(&path).output().unwrap();
    assert_eq!(printed(&output), wanted(&file));
    std::fs::write(&path, "no network").unwrap();
    let output = Command::new(&program).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("not an intact safetensors document"), "{}", text(&output.stderr));
}

#[test]
fn a_program_in_python_gets_the_numbers_that_rust_gets() {
    let (path, file) = network("python.safetensors");
    let mut python = Command::new("python3");
    python.arg(Path::new(HERE).join("examples/live/live.py")).arg(library_file()).arg(&path);
    let Some(output) = run(&mut python) else {
        return skipped("no `python3`: the library was not tried from Python");
    };
    assert_eq!(printed(&output), wanted(&file));
    std::fs::write(&path, "no network").unwrap();
    let output = run(&mut python).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("not an intact safetensors document"), "{}", text(&output.stderr));
}

/// Names that follow `before` in a text, up to anything that no name has.
fn names_after(text: &str, before: &str) -> BTreeSet<String> {
    let name =
        |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_string();
    text.split(before).skip(1).map(name).collect()
}

#[test]
fn the_header_declares_what_the_library_has() {
    let source = std::fs::read_to_string(Path::new(HERE).join("src/deploy/c/mod.rs")).unwrap();
    let header = std::fs::read_to_string(Path::new(HERE).join("include/elm_live.h")).unwrap();
    let without_comments: String =
        header.split("/*").flat_map(|part| part.split_once("*/").map(|(_, code)| code)).collect();
    let called = |code: &str| -> BTreeSet<String> {
        let names = names_after(code, "elm_live_").into_iter();
        names.filter(|name| code.contains(&format!("elm_live_{name}("))).collect()
    };
    let exported: BTreeSet<String> = names_after(&source, "extern \"C\" fn elm_live_");
    assert!(exported.len() > 10, "{exported:?}");
    assert_eq!(called(&without_comments), exported);
}

#[test]
fn the_readme_shows_the_examples_as_they_are() {
    let Ok(readme) = std::fs::read_to_string(Path::new(HERE).join("../README.md")) else {
        return skipped("this is the package alone, without the README");
    };
    for (name, language) in [("live.c", "c"), ("live.py", "python")] {
        let example = std::fs::read_to_string(Path::new(HERE).join("examples/live").join(name)).unwrap();
        let shown = format!("```{language}\n{example}```");
        assert!(readme.contains(&shown), "the README does not show {name} as it is");
    }
}

#[test]
fn the_header_is_the_one_that_cbindgen_makes() {
    let version = run(Command::new("cbindgen").arg("--version")).map(|output| text(&output.stdout));
    if version.as_deref().map(str::trim) != Some(CBINDGEN) {
        let found = version.map_or("none".into(), |version| version.trim().to_string());
        return skipped(&format!("the header was not made anew: needs {CBINDGEN}, there is {found}"));
    }
    let mut cbindgen = Command::new("cbindgen");
    cbindgen.current_dir(HERE).args(["--quiet", "--config", "cbindgen.toml", "src/deploy/c/mod.rs"]);
    let made = cbindgen.output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let header = std::fs::read_to_string(Path::new(HERE).join("include/elm_live.h")).unwrap();
    assert!(text(&made.stdout) == header, "make the header anew, see CONTRIBUTING.md");
}
