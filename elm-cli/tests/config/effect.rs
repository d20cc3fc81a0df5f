//! A setting that is written where it cannot have an effect is an error; one
//! that something later has switched off is told.

use crate::common::Place;
use crate::{DIGITS, load};
use elm_cli::config::effective::Found;
use elm_cli::config::resolved::to_toml;
use elm_cli::config::{DataKind, Named, RunConfig};

const IMAGES: &str = "[data]\nkind = \"lra_image\"\n[model]\nnum_hidden = 5\n";

#[test]
fn a_setting_without_effect_is_refused_at_its_place() {
    for (lines, setting, only_with) in [
        (DIGITS, "data.max_length=5", "data.kind = \"listops\", \"lra_text\" or \"lra_retrieval\""),
        (DIGITS, "data.path=somewhere", "\"shd\""),
        (DIGITS, "data.group=2", "\"pathfinder\""),
        (DIGITS, "training.cycle_rise=0.5", "training.schedule = \"one_cycle\""),
        (DIGITS, "training.step_factor=0.5", "training.schedule = \"step\""),
        (DIGITS, "training.momentum=0.9", "training.optimizer = \"sgd\""),
        (DIGITS, "training.seq_length=9", "data.kind = \"text\""),
        (DIGITS, "training.state_dropout=0.5", "data.kind = \"text\""),
        (DIGITS, "model.pair_features=9", "data.kind = \"lra_retrieval\""),
        (IMAGES, "data.levels=8", "data.pixels = \"levels\""),
    ] {
        let error = load(lines, &[setting]).unwrap_err();
        let key = setting.split('=').next().unwrap();
        assert!(error.starts_with(&format!("--set #1:1:1: {key} has no effect here, only with ")), "{error}");
        assert!(error.contains(only_with), "{error}");
    }
    let place = Place::new();
    place.write("c.toml", format!("{DIGITS}[training]\nstep_every = 3\n"));
    place.run(&["check", "c.toml"]).expect(2, &["c.toml:6:1: training.step_every", "^^^^^^^^^^"]);
    let error = load(DIGITS, &["model.embedding_scale=3"]).unwrap_err();
    assert!(error.contains("the embedding \"none\" has no scale"), "{error}");
}

#[test]
fn what_a_later_choice_switches_off_is_told() {
    let place = Place::new();
    let base =
        DIGITS.replace("[model]", "channels = 30\n[training]\nschedule = \"step\"\nstep_every = 9\n[model]");
    place.write("base.toml", base);
    place.write("child.toml", "extends = \"base.toml\"\n[training]\nschedule = \"constant\"\n");
    let config = RunConfig::load(&place.path("child.toml"), &["data.kind=shd".into()]).unwrap();
    let told = config.notes.join("\n");
    assert!(told.contains("data.channels") && told.contains("base.toml:3) has no effect"), "{told}");
    assert!(told.contains("training.step_every"), "{told}");
    assert_eq!(config.notes.len(), 2, "{told}");
    // What is not told is not written down either.
    let written = to_toml(&config.effective(&Found::default()), false);
    assert!(!written.contains("channels") && !written.contains("step_every"), "{written}");
    // The child might have known.
    place.write("child.toml", "extends = \"base.toml\"\n[training]\ncycle_rise = 0.1\n");
    place.run(&["check", "child.toml"]).expect(2, &["child.toml:3:1", "training.cycle_rise"]);
}

/// Whatever holds is written down, and that is a configuration again.
#[test]
fn what_a_run_writes_down_is_read_without_a_word() {
    for &kind in DataKind::ALL {
        let lines = format!("[data]\nkind = \"{}\"\n[model]\nnum_hidden = 5\n", kind.name());
        let config = load(&lines, &[]).unwrap();
        let written = to_toml(&config.effective(&Found::default()), false);
        assert_eq!(load(&written, &[]).unwrap().notes, Vec::<String>::new(), "{written}");
    }
}
