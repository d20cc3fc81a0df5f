//! `elm generate`: where the prompt comes from, and how symbols are chosen.

mod common;

use common::{Place, Ran};
use std::fs;
use std::io::Write;
use std::process::Stdio;

fn trained() -> Place {
    let place = Place::new();
    place.write("book.txt", "to be, or not - to be: that is the question. ".repeat(30));
    place.write(
        "text.toml",
        "[data]\nkind = \"text\"\npath = \"book.txt\"\n[model]\nnum_hidden = 4\nembedding = \"one_hot\"\n\
         [model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 3\nseq_length = 16\nnum_turns = 1\n\
         steps_per_turn = 6\n",
    );
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    place
}

fn generated(place: &Place, more: &[&str]) -> String {
    place.run(&[&["generate", "run", "--length", "40"], more].concat()).expect(0, &[]).out.clone()
}

/// The same with a prompt on standard input.
fn piped(place: &Place, input: &str, more: &[&str]) -> Ran {
    let mut command = place.command(&["generate", "run", "--length", "40"]);
    command.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn the_prompt_is_read_from_standard_input() {
    let place = trained();
    let given = generated(&place, &["--prompt", "to be"]);
    assert!(given.starts_with("to be") && given.chars().count() == 5 + 40 + 1, "{given}");
    for input in ["to be", "to be\n", "to be\r\n"] {
        for more in [&[][..], &["--prompt", "-"]] {
            assert_eq!(piped(&place, input, more).expect(0, &[]).out, given, "{input:?} {more:?}");
        }
    }
    // What is given goes before what is piped.
    assert_eq!(piped(&place, "nothing", &["--prompt", "to be"]).expect(0, &[]).out, given);
    // Nothing at all is a prompt too.
    assert_eq!(piped(&place, "", &[]).expect(0, &[]).out, generated(&place, &["--prompt", ""]));
}

#[test]
fn a_network_with_a_learned_embedding_writes_on() {
    let place = trained();
    let text = fs::read_to_string(place.path("text.toml")).unwrap();
    let learned = "embedding = \"learned\"\nembedding_width = 3";
    place.write("learned.toml", text.replace("embedding = \"one_hot\"", learned));
    place.run(&["train", "learned.toml", "--out", "learned"]).expect(0, &[]);
    let ran = place.run(&["generate", "learned", "--length", "20", "--prompt", "to be"]);
    assert!(ran.expect(0, &[]).out.starts_with("to be"), "{}", ran.out);
}

#[test]
fn a_prompt_may_begin_with_a_hyphen() {
    let place = trained();
    for prompt in ["- to", "--to"] {
        assert!(generated(&place, &["--prompt", prompt]).starts_with(prompt));
    }
}

#[test]
fn a_symbol_that_the_run_does_not_know_is_named() {
    let place = trained();
    piped(&place, "to BE", &[]).expect(2, &["the prompt", "'B'"]);
}

#[test]
fn temperature_zero_is_greedy_whatever_the_seed() {
    let place = trained();
    let greedy = |more: &[&str]| generated(&place, &[&["--prompt", "to be"], more].concat());
    let expected = greedy(&["--temperature", "0"]);
    assert_eq!(expected, greedy(&["--temperature", "0", "--seed", "7"]));
    assert_eq!(expected, greedy(&["--temperature", "0", "--top-k", "3"]));
    assert_eq!(expected, greedy(&["--top-k", "1", "--temperature", "5", "--seed", "8"]));
    assert_ne!(expected, greedy(&["--temperature", "1"]));
}

#[test]
fn fewer_of_the_likeliest_symbols_make_fewer_different_ones() {
    let place = trained();
    let kinds = |more: &[&str]| {
        let text = generated(&place, &[&["--prompt", "", "--temperature", "100"], more].concat());
        text.trim_end_matches('\n').chars().collect::<std::collections::BTreeSet<char>>().len()
    };
    assert!(kinds(&["--top-k", "2"]) < kinds(&[]));
    assert_eq!(kinds(&["--top-k", "1000"]), kinds(&[]));
}

#[test]
fn settings_that_make_no_sense_are_usage_errors() {
    let place = trained();
    for (more, said) in [
        (["--top-k", "0"], "--top-k"),
        (["--top-k", "-1"], "--top-k"),
        (["--temperature", "-1"], "must be a number of at least 0"),
        (["--temperature", "nan"], "must be a number of at least 0"),
        (["--temperature", "inf"], "must be a number of at least 0"),
    ] {
        place.run(&[&["generate", "run", "--prompt", "to"], &more[..]].concat()).expect(2, &[said]);
    }
}

#[test]
fn json_has_the_prompt_and_what_was_added() {
    let place = trained();
    let arguments = ["generate", "run", "--prompt", "to be", "--length", "9", "--seed", "4"];
    let said = place.run(&arguments).expect(0, &[]).out.clone();
    let json = place.run(&[&arguments[..], &["--json"]].concat()).expect(0, &[]).out.clone();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["prompt"], "to be");
    let joined = format!("to be{}", json["text"].as_str().unwrap());
    assert_eq!(joined.trim_end(), said.trim_end());
}

/// After many repetitions a network is in the same state as after some more,
/// wherever the parts end in which they are read.
#[test]
fn a_long_prompt_is_read_to_its_end_in_little_time() {
    let place = trained();
    let words = "to be, or not - to be: that is the question. ";
    let [some, more] = [400, 900].map(|times| {
        let prompt = words.repeat(times);
        let ran = piped(&place, &prompt, &["--temperature", "0"]);
        ran.expect(0, &[]).out.strip_prefix(&prompt).unwrap().to_string()
    });
    assert_eq!(some, more);
}
