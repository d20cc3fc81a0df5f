//! `elm bench`: what it tells of a model and its layers.

mod common;

use common::{Place, SMALL_TEXT};
use serde_json::Value;

/// Times of one step, so that those of parts add up.
fn bench(place: &Place, config: &str, arguments: &[&str]) -> Value {
    let command = ["bench", config, "--steps", "1", "--threads", "1", "--json"];
    serde_json::from_str(&place.run(&[&command, arguments].concat()).expect(0, &[]).out).unwrap()
}

/// What stands under a key of every layer, first to last.
fn each<'a>(report: &'a Value, key: &str) -> Vec<&'a Value> {
    report["layers"].as_array().unwrap().iter().map(|layer| &layer[key]).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs()
}

#[test]
fn every_layer_tells_its_path_and_input() {
    let place = Place::new();
    place.write("text", "tea for two ".repeat(200));
    place.write("text.toml", SMALL_TEXT);
    for (config, input) in [("small.toml", "events"), ("text.toml", "tokens")] {
        let report = bench(&place, config, &[]);
        assert_eq!(each(&report, "input"), [input, "dense"], "{config}");
        assert_eq!(each(&report, "path"), ["fused", "fused"], "{config}");
        assert_eq!(each(&report, "simd"), [&report["simd"]; 2], "{config}");
        assert_eq!(each(&report, "reason"), [&Value::Null; 2], "{config}");
        assert_eq!(*each(&report, "neurons")[0], 6, "{config}");
    }
    let report = bench(&place, "small.toml", &["--scan", "composed"]);
    assert_eq!(each(&report, "path"), ["composed", "composed"]);
    assert_eq!(each(&report, "reason"), ["scan = \"composed\""; 2]);
    for key in ["simd", "backward"] {
        assert_eq!(each(&report, key), [&Value::Null; 2], "{key}");
    }
}

#[test]
fn operations_times_and_shares_add_up() {
    let place = Place::new();
    let report = bench(&place, "small.toml", &[]);
    let info: Value =
        serde_json::from_str(&place.run(&["info", "small.toml", "--json"]).expect(0, &[]).out).unwrap();
    let flops = each(&report, "flops_per_step_forward");
    assert_eq!(flops, each(&info, "flops_per_step_forward"));
    let sum: f64 = flops.into_iter().map(number).sum();
    let head = number(&info["flops_per_step_forward"]) - sum;
    assert!(head > 0.0 && head < sum, "{head} of {sum}");
    let batch = sum * number(&report["batch"]) * number(&report["time_steps"]);
    let peak = 1e6 * number(&report["peak_gflops"]); // operations in a ms
    for (key, passes) in [("train", 3.0), ("inference", 1.0)] {
        let expected = 100.0 * passes * batch / number(&report[key]["ms_per_step"]) / peak;
        assert!(close(number(&report["percent_of_peak"][key]), expected), "{key}: {report}");
    }
    let breakdown = &report["breakdown"];
    let both = number(&breakdown["forward"]) + number(&breakdown["backward"]);
    assert!(close(number(&report["layer_gflops"]), 3e-6 * batch / both), "{report}");
    for (key, passes) in [("forward", 1.0), ("backward", 2.0)] {
        let passed = each(&report, key);
        let ms: f64 = passed.iter().map(|pass| number(&pass["ms"])).sum();
        assert!(ms > 0.0 && ms <= number(&breakdown[key]), "{key}: {report}");
        for (layer, flops) in passed.iter().zip(each(&report, "flops_per_step_forward")) {
            let done = passes * batch * number(flops) / sum;
            let expected = 100.0 * done / number(&layer["ms"]) / peak;
            assert!(close(number(&layer["percent_of_peak"]), expected), "{key}: {report}");
        }
    }
}

#[test]
fn people_read_a_line_for_every_layer() {
    let place = Place::new();
    let command = ["bench", "small.toml", "--steps", "1", "--threads", "1", "--simd", "portable"];
    place.run(&command).expect(
        0,
        &[
            "share of that peak: whole training step",
            "layer 0: 6 neurons, fused with portable, input events, 0.00",
            "layer 1: 20 neurons, fused with portable, input dense, 0.0",
            " %), backward ",
        ],
    );
    let composed = place.run(&[&command[..], &["--scan", "composed"]].concat());
    composed.expect(0, &["layer 1: 20 neurons, composed (scan = \"composed\"), input dense"]);
}
