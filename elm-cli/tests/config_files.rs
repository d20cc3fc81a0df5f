//! Configurations of several files, and paths as people write them.

mod common;

use common::Place;
use elm_cli::config::RunConfig;

const DIGITS: &str = "[data]\nkind = \"digits\"\n[model]\nnum_hidden = 5\n";

/// Each file extends the one before it.
#[test]
fn long_chains_of_files_are_read_and_endless_ones_are_told_from_circles() {
    let place = Place::new();
    place.write("0.toml", DIGITS);
    for i in 1..=100 {
        place.write(&format!("{i}.toml"), format!("extends = \"{}.toml\"\n[training]\nseed = {i}\n", i - 1));
    }
    assert_eq!(RunConfig::load(&place.path("60.toml"), &[]).unwrap().training.seed, 60);
    assert_eq!(RunConfig::load(&place.path("99.toml"), &[]).unwrap().training.seed, 99);
    let error = RunConfig::load(&place.path("100.toml"), &[]).unwrap_err().to_string();
    assert!(error.contains("more than 100 files") && !error.contains("itself"), "{error}");
    place.write("0.toml", "extends = \"7.toml\"\n");
    let error = RunConfig::load(&place.path("9.toml"), &[]).unwrap_err().to_string();
    assert!(error.contains("extends itself"), "{error}");
}

#[test]
fn home_and_variables_stand_in_extends_and_in_the_path_of_the_data() {
    let place = Place::new();
    place.write("words", "leaky memory ".repeat(200));
    place.write("base.toml", "[data]\nkind = \"text\"\npath = \"~/words\"\n[model]\nnum_hidden = 5\n");
    for base in ["~/base.toml", "$HOME/base.toml", "${HOME}/base.toml", "$PLACE/base.toml"] {
        place.write("child.toml", format!("extends = \"{base}\"\n"));
        let mut command = place.command(&["check", "child.toml"]);
        command.env("HOME", place.path("")).env("PLACE", place.path(""));
        common::Ran::of(command.output().unwrap()).expect(0, &["child.toml: fine"]);
    }
    for path in ["$NOT_SET_ANYWHERE/words", "${NOT_SET_ANYWHERE}/words"] {
        let set = format!("data.path={path}");
        place
            .run(&["check", "base.toml", "--set", &set])
            .expect(2, &["the environment variable NOT_SET_ANYWHERE is not set"]);
    }
}
