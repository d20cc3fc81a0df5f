//! What users get wrong: a clear message with the place, the right exit code,
//! never a panic.

mod common;

use common::Place;
use std::io::Write;

/// A configuration of one bad line: (line, expected message parts).
const BAD_SETTINGS: &[(&str, &[&str])] = &[
    (
        "[trainin]\nbatch_size = 3",
        &["unknown key `trainin.batch_size`", "did you mean `training.batch_size`"],
    ),
    ("[training]\nbatchsize = 3", &["bad.toml:3:1", "unknown key", "`training.batch_size`", "^^^^^^^^^"]),
    ("[model]\nnum_memory = 3", &["unknown key", "model.neuron.num_memory"]),
    ("[training]\nbatch_size = \"8\"", &["bad.toml:3:14", "an integer of at least 1, not a string"]),
    ("[training]\nbatch_size = 0", &["an integer of at least 1, not 0"]),
    ("[training]\nbatch_size = -4", &["an integer of at least 1, not -4"]),
    ("[training]\nbatch_size = 2.5", &["an integer of at least 1, not 2.5"]),
    ("[training]\nlearning_rate = nan", &["a number above 0, not NaN"]),
    ("[training]\nlearning_rate = inf", &["a number above 0, not inf"]),
    ("[training]\nlearning_rate = -1e-3", &["a number above 0, not -0.001"]),
    ("[training]\nlabel_smoothing = 1.5", &["a number from 0 to 1, not 1.5"]),
    ("[training]\noptimizer = \"adamx\"", &["one of \"adam\", \"adamax\"", "did you mean \"adama"]),
    ("[training]\nsteps_per_turn = 4\nnum_epochs = 3", &["in turns or in epochs, not both"]),
    ("[training]\nstate_reuse = true", &["only continuous text carries its state"]),
    ("[training]\nseed = -1", &["an integer of at least 0, not -1"]),
    ("[training]\nseed = 18446744073709551616", &["18446744073709551616 does not fit into 64 bits"]),
    ("[training]\nlr = 1e-3", &["unknown key `training.lr`", "did you mean `training.learning_rate`?"]),
    ("[model]\nhidden_size = 3", &["did you mean `model.num_hidden`?"]),
    ("[training]\nepochs = 3", &["did you mean `training.num_epochs`?"]),
    ("[training]\ndropout = 0.1", &["did you mean `model.dropout.input`?"]),
    ("[training]\namsgrad = true", &["unknown key `training.amsgrad`"]),
    ("training = 3", &["`training` is a table"]),
    ("[training\nbatch_size = 3", &["bad.toml:", "not valid TOML"]),
    ("[data]\nkind = \"digit\"", &["did you mean \"digits\"?"]),
    ("[data]\nkind = \"text\"", &["data.path: missing"]),
    ("[data]\nfractions = [0.5, 0.5]", &["takes three numbers"]),
    ("[data]\nfractions = [0.5, 0.5, 0.5]", &["add up to more than 1"]),
    (
        "[data]\nkind = \"text\"\npath = \"${NOT_SET_ANYWHERE}/x\"",
        &["the environment variable NOT_SET_ANYWHERE is not set"],
    ),
    ("[model]\nnum_hidden = 0", &["an integer of at least 1, not 0"]),
    ("[model]\nnum_output = 7", &["7 contradicts the data, which needs 20"]),
    ("[model]\nembedding = \"one_hot\"", &["needs data that consists of tokens"]),
    (
        "[model]\nembedding = \"learned\"\nembedding_width = 4",
        &["bad.toml:3:13", "\"learned\" needs data that consists of tokens"],
    ),
    ("[model]\nembedding_width = 4", &["bad.toml:3:19", "only the embedding \"learned\" has a width"]),
    ("[model]\nembedding_width = 0", &["an integer of at least 1, not 0"]),
    (
        "[model]\nfeed_output_back = true",
        &["bad.toml:3:20", "a network has more than one neuron", "\"branch_elm\""],
    ),
    ("[model]\nfeed_output_back = 1", &["true or false"]),
    ("[model]\nkind = \"elm\"", &["a single neuron has no such setting"]),
    (
        "[model]\nnum_layers = 1\n[model.first_layer.neuron]\nnum_memory = 3",
        &["there is only the readout layer"],
    ),
    ("[model.neuron]\nmemory_tau_min = 100.0", &["is below memory_tau_min"]),
    ("[model.dropout]\ninput = 1.0", &["must be a probability"]),
    ("[model.wiring]\nrecurrent_connect = 2", &["a number from 0 to 1, not 2"]),
    ("[regularizer]\nmlp_magnitude = { layers = [5], strength = 0.1 }", &["there is no layer 5"]),
    ("[regularizer]\nmlp_magnitude = { layers = [5] }", &["there is no layer 5"]),
    ("[regularizer]\npopulation_activity = { layers = [0, 2], strength = 0 }", &["there is no layer 2"]),
    ("[backend]\ndevice = \"gpu\"", &["takes \"cpu\" or \"cuda:N\""]),
    ("[backend]\nkind = \"torch\"", &["there is no backend \"torch\""]),
    ("[backend]\nkind = \"tch\"", &["--features tch"]),
    ("extends = 3", &["extends takes a file name"]),
    ("extends = \"absent.toml\"", &["the file to extend is not there"]),
    ("extends = \"bad.toml\"", &["extends itself"]),
    (
        "extends = \"${NOT_SET_ANYWHERE}/x.toml\"",
        &["bad.toml:1:11", "the environment variable NOT_SET_ANYWHERE is not set"],
    ),
    ("extends = \"${NOT_SET\"", &["`${` without a closing `}`"]),
];

#[test]
fn a_bad_setting_is_shown_with_its_place() {
    for (lines, said) in BAD_SETTINGS {
        if cfg!(feature = "tch") && lines.contains("\"tch\"") {
            continue;
        }
        let place = Place::new();
        let top_level = !lines.starts_with('[');
        let text = if top_level { lines.to_string() } else { format!("extends = \"small.toml\"\n{lines}\n") };
        place.write("bad.toml", text);
        let ran = place.run(&["train", "bad.toml", "--out", "run"]);
        ran.expect(2, said);
        assert!(!place.path("run").exists(), "{lines}: a run folder was made");
    }
}

#[test]
fn errors_point_into_the_file_they_come_from() {
    let place = Place::new();
    place.write("base.toml", "[data]\nkind = \"digits\"\n[training]\n  batch_size = true\n");
    place.write("child.toml", "extends = \"base.toml\"\n[model]\nnum_hidden = 3\n");
    place
        .run(&["info", "child.toml"])
        .expect(2, &["base.toml:4:16", "  batch_size = true", "               ^^^^"]);
    let set = ["info", "small.toml", "--set", "training.seed=1", "--set", "model.num_hidden=many"];
    place.run(&set).expect(2, &["--set #2:1:18", "model.num_hidden=many", "an integer"]);
    place.run(&["info", "small.toml", "--set", "nonsense"]).expect(2, &["key=value"]);
}

#[test]
fn configuration_files_that_are_none() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder.toml")).unwrap();
    place.write("binary.toml", [b'a', b' ', b'=', 0xff, 0xfe]);
    place.write("empty.toml", "");
    for (file, said) in [
        ("absent.toml", "there is no such configuration file"),
        ("folder.toml", "this is a folder"),
        ("binary.toml", "byte 3 is not UTF-8"),
        ("empty.toml", "data.kind: missing"),
    ] {
        place.run(&["train", file]).expect(2, &[file, said]);
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"n\xffme.toml");
        std::fs::write(place.path("x").with_file_name(name), common::SMALL).unwrap();
        let mut command = place.command(&["info"]);
        common::Ran::of(command.arg(name).output().unwrap()).expect(0, &["trainable parameters"]);
    }
}

#[test]
fn text_files_that_are_none() {
    let place = Place::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("text", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&b"a few words of text ".repeat(500)).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    place.write("cut.zip", &zip[..zip.len() - 30]);
    place.write("empty", "");
    place.write("ten", "ten bytes!");
    std::fs::create_dir(place.path("folder")).unwrap();
    for (file, code, said) in [
        ("absent", 1, "there is no such file"),
        ("folder", 1, "this folder holds no text"),
        ("empty", 1, "the file is empty"),
        ("cut.zip", 1, "no complete archive: cut off or damaged"),
        ("ten", 1, "the text of 10 bytes is too short"),
    ] {
        place.write(
            "t.toml",
            format!("[data]\nkind = \"text\"\npath = \"{file}\"\n[model]\nnum_hidden = 3\n"),
        );
        place.run(&["train", "t.toml", "--out", "run"]).expect(code, &[file, said]);
        place.run(&["check", "t.toml"]).expect(code, &[file, said]);
        assert!(!place.path("run").exists());
    }
    place.write("short", b"abc".repeat(50));
    place.write(
        "t.toml",
        "[data]\nkind = \"text\"\npath = \"short\"\n[model]\nnum_hidden = 3\n[training]\nbatch_size = 100\n",
    );
    place.run(&["train", "t.toml"]).expect(2, &["training.batch_size", "take a smaller batch"]);
}

#[test]
fn a_batch_larger_than_the_data() {
    let place = Place::new();
    let set = ["train", "small.toml", "--set", "training.batch_size=65"];
    let said = ["--set #1:1:21: training.batch_size: a batch of 65 does not fit 64 samples"];
    place.run(&set).expect(2, &said);
    place.write("short", b"abc".repeat(1000));
    let text = "[data]\nkind = \"text\"\npath = \"short\"\n[model]\nnum_hidden = 3\n[training]\n";
    for key in ["valid_batch_size", "test_batch_size"] {
        place.write("t.toml", format!("{text}seq_length = 5\n{key} = 838\n"));
        for command in ["train", "check"] {
            place.run(&[command, "t.toml"]).expect(2, &["t.toml:8:", &format!("training.{key}: ")]);
        }
    }
}

/// Negative numbers are read as such, and told as such.
#[test]
fn numbers_of_options_have_a_range() {
    let place = Place::new();
    for arguments in [
        &["train", "small.toml", "--seed", "-1"][..],
        &["train", "small.toml", "--max-steps", "-1"],
        &["bench", "small.toml", "--steps", "-1"],
        &["bench", "small.toml", "--threads", "-1"],
    ] {
        place.run(arguments).expect(2, &["invalid value '-1'", arguments[2]]);
    }
    let largest =
        ["train", "small.toml", "--seed", "18446744073709551615", "--max-steps", "1", "--out", "run"];
    place.run(&largest).expect(0, &[]);
    place.run(&["eval", "run"]).expect(0, &["accuracy"]);
}

/// The largest values that settings take neither panic nor hang.
#[test]
fn the_largest_values_train() {
    let place = Place::new();
    let largest = u64::MAX;
    for (i, setting) in [
        "checkpoint.every_minutes=1e300".to_string(),
        format!("checkpoint.keep={largest}"),
        format!("checkpoint.every_steps={largest}"),
        format!("logging.every_steps={largest}"),
        format!("training.num_epochs={largest}"),
        format!("training.warmup_steps={largest}"),
        format!("training.valid_batches={largest}"),
        format!("backend.memory_budget={largest}"),
    ]
    .iter()
    .enumerate()
    {
        let run = ["train", "small.toml", "--max-steps", "1", "--out", &i.to_string(), "--set", setting];
        place.run(&run).expect(0, &[]);
    }
}

#[test]
fn a_warm_up_beyond_the_end_is_said() {
    let place = Place::new();
    let train = |out: &str, warmup: &str| {
        let set = format!("training.warmup_steps={warmup}");
        place.run(&["train", "small.toml", "--max-steps", "1", "--out", out, "--set", &set])
    };
    let said = "training.warmup_steps = 24 is not shorter than the run of 24 updates";
    train("long", "24").expect(0, &["warning: ", said]);
    assert!(!train("short", "23").expect(0, &[]).err.contains("warm"));
}

#[test]
fn output_folders_that_cannot_be_used() {
    let place = Place::new();
    place.write("file", "");
    let train = |out: &str| place.run(&["train", "small.toml", "--max-steps", "1", "--out", out]);
    train("file").expect(1, &["this is a file"]);
    train("file/below").expect(1, &["cannot create the run folder"]);
    train("/proc/nothing").expect(1, &["cannot create the run folder"]);
    train("run").expect(0, &[]);
    train("run").expect(1, &["--resume"]);
}

#[test]
fn checkpoints_of_another_model_or_damaged_ones() {
    let place = Place::new();
    let train = |more: &[&str]| {
        place.run(&[&["train", "small.toml", "--max-steps", "11", "--out", "run", "--resume"], more].concat())
    };
    train(&[]).expect(0, &[]);
    train(&["--set", "model.num_hidden=7"]).expect(2, &["model.num_hidden: 6 in the run, 7 now"]);
    place
        .run(&["eval", "run", "--set", "model.num_hidden=7"])
        .expect(1, &["layers[0].neurons: 6 in the run, 7 now"]);
    let damage = |name: &str| {
        let path = place.path("run/checkpoints").join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    };
    damage("last/model.safetensors");
    train(&[]).expect(0, &["warning", "is damaged"]);
    damage("best/model.safetensors");
    place.run(&["eval", "run"]).expect(1, &["no intact `best` checkpoint", "--checkpoint last"]);
    place.run(&["eval", "run", "--checkpoint", "last"]).expect(0, &["accuracy"]);
    place.run(&["eval", "small.toml"]).expect(1, &["not the folder of a run"]);
    place.run(&["generate", "run", "--prompt", "x"]).expect(1, &["only networks trained on text"]);
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    let place = Place::new();
    let ran = place.run(&["train", "small.toml", "--device", "cuda:0", "--out", "run"]);
    if ran.code != 0 {
        ran.expect(1, &["cuda"]);
    }
}

#[test]
fn usage_errors_have_exit_code_two() {
    let place = Place::new();
    for arguments in
        [&["trian"][..], &["train"], &["verify", "--scan", "fast"], &["eval", "run", "--split", "all"]]
    {
        place.run(arguments).expect(2, &["--help"]);
    }
    place.run(&["generate", "run", "--prompt", "x", "--temperature", "x"]).expect(2, &["invalid value"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_end_is_no_configuration() {
    let place = Place::new();
    place.run(&["check", "/dev/zero"]).expect(2, &["/dev/zero: this is no configuration: it goes on beyond"]);
}
