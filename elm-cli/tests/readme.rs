//! The commands of the README do what it says.

mod common;

use common::{Place, shipped_configs, shipped_sweeps};
use std::path::Path;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap()
}

/// The `sh` blocks of the README.
fn shell_blocks(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().lines().map(String::from).collect()).collect()
}

#[test]
fn every_elm_command_of_the_readme_runs() {
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    std::os::unix::fs::symlink(root.join("configs"), place.path("configs")).unwrap();
    std::os::unix::fs::symlink(root.join("README.md"), place.path("README.md")).unwrap();
    let mut commands = 0;
    for line in shell_blocks(&readme()).concat() {
        if line.starts_with("awk ") {
            let mut shell = std::process::Command::new("sh");
            let ended = shell.args(["-c", &line]).current_dir(place.folder.path()).status().unwrap();
            assert!(ended.success(), "{line}");
        }
        let Some(arguments) = line.strip_prefix("elm ") else { continue };
        let arguments = arguments.split(" #").next().unwrap();
        let words: Vec<String> = split_words(arguments);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        place.run(&words).expect(0, &[]);
        commands += 1;
    }
    assert!(commands >= 8, "{commands}");
}

/// Words of a command line, with double quotes.
fn split_words(line: &str) -> Vec<String> {
    let parts = line.trim().split('"').enumerate();
    parts
        .flat_map(|(i, part)| {
            if i % 2 == 1 {
                vec![part.to_string()]
            } else {
                part.split_whitespace().map(String::from).collect()
            }
        })
        .collect()
}

#[test]
fn the_two_commands_name_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = readme();
    for name in ["configs/quickstart.toml", ".ci/test", "elm-core/src/backend.rs", "elm-cli/tests/walls.rs"] {
        assert!(text.contains(name) && root.join(name).exists(), "{name}");
    }
    for config in shipped_configs().into_iter().chain(shipped_sweeps()) {
        assert!(text.contains(&config), "the README does not name {config}");
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new();
    let help = place.run(&["help"]);
    let commands = help.expect(0, &["Usage"]).out.clone();
    let commands = commands.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap().lines();
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names.iter().filter(|name| name.chars().all(|c| c.is_ascii_lowercase())) {
        place.run(&[name, "--help"]).expect(0, &["Example", &format!("elm {name}")]);
    }
}
