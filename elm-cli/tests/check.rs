//! `elm check` looks at every configuration that it is given.

mod common;

use common::{Place, SMALL};
use serde_json::Value;

/// A good file between a wrong one and one whose data is missing.
fn mixed() -> Place {
    let place = Place::new();
    place.write("wrong.toml", SMALL.replace("num_hidden = 6", "num_hidden = 0"));
    let text = "[data]\nkind = \"text\"\npath = \"absent.txt\"\n[model]\nnum_hidden = 3\n";
    place.write("absent.toml", text);
    place
}

fn document(place: &Place, code: i32, configs: &[&str]) -> Value {
    let ran = place.run(&[&["check"], configs, &["--json"]].concat());
    serde_json::from_str(&ran.expect(code, &[]).out).unwrap()
}

#[test]
fn files_after_a_bad_one_are_checked_too() {
    let place = mixed();
    let ran = place.run(&["check", "wrong.toml", "absent.toml", "small.toml"]);
    ran.expect(2, &["wrong.toml:10:14", "absent.txt", "small.toml: fine; 64 train"]);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(!ran.err.contains("absent.toml: absent.toml"), "{}", ran.err);
    place.run(&["check", "small.toml", "wrong.toml"]).expect(2, &["small.toml: fine"]);
}

#[test]
fn a_wrong_setting_counts_for_more_than_missing_data() {
    let place = mixed();
    for (configs, code) in [
        (&["small.toml"][..], 0),
        (&["absent.toml", "small.toml"], 1),
        (&["wrong.toml", "absent.toml"], 2),
        (&["absent.toml", "wrong.toml"], 2),
    ] {
        place.run(&[&["check"], configs].concat()).expect(code, &[]);
        document(&place, code, configs);
    }
}

#[test]
fn json_is_one_list_in_the_order_of_the_files() {
    let place = mixed();
    let all = document(&place, 2, &["wrong.toml", "small.toml", "absent.toml"]);
    let names: Vec<&Value> = all.as_array().unwrap().iter().map(|entry| &entry["config"]).collect();
    assert_eq!(names, ["wrong.toml", "small.toml", "absent.toml"]);
    assert_eq!(all[0]["ok"], false);
    assert!(all[0]["error"].as_str().unwrap().contains("an integer of at least 1, not 0"));
    assert!(all[0]["trainable_parameters"].is_null());
    assert_eq!((&all[1]["ok"], &all[1]["error"]), (&true.into(), &Value::Null));
    assert_eq!(all[1]["task"], "digits");
    assert_eq!((&all[1]["inputs"], &all[1]["outputs"]), (&20.into(), &20.into()));
    assert!(all[1]["data"].as_str().unwrap().starts_with("64 train, 16 valid, 16 test samples"));
    let info: Value =
        serde_json::from_str(&place.run(&["info", "small.toml", "--json"]).expect(0, &[]).out).unwrap();
    assert_eq!(all[1]["trainable_parameters"], info["trainable_parameters"]);
    assert!(all[2]["error"].as_str().unwrap().contains("there is no such file"));
}

/// Such a configuration may be meant for another machine.
#[test]
fn what_this_machine_lacks_is_noted() {
    let ran = mixed().run(&["check", "small.toml", "--set", "backend.device=cuda:7"]);
    ran.expect(
        0,
        &["note: small.toml: backend.device = \"cuda:7\" cannot be used here: ", "small.toml: fine"],
    );
    mixed().run(&["check", "small.toml", "--set", "backend.kind=torch"]).expect(2, &["there is no backend"]);
}

#[test]
fn keys_are_documented_as_text_only() {
    mixed().run(&["check", "--keys", "--json"]).expect(2, &["--keys", "--json"]);
}
