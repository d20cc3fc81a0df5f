//! NeuronIO: published files, made ones, windows to learn from and to be
//! judged by.

use elm_data::neuronio::make::{NeuronSettings, make, simulation};
use elm_data::neuronio::{
    EvaluationWindows, InputSpike, Layout, NeuronFile, NeuronSplit, Simulation, TrainingWindows,
    WindowSettings, soma_target,
};
use elm_data::{Answer, Batch, BatchStream, Input, Outcome, SampleInput, Samples, Target};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// As Python 3 writes them in each protocol: NumPy's single numbers in the
/// first simulation, Python's in the second, and keys that nobody needs.
const PROTOCOLS: [&[u8]; 6] = [
    include_bytes!("files/neuronio0.pickle"),
    include_bytes!("files/neuronio1.pickle"),
    include_bytes!("files/neuronio2.pickle"),
    include_bytes!("files/neuronio3.pickle"),
    include_bytes!("files/neuronio4.pickle"),
    include_bytes!("files/neuronio5.pickle"),
];

fn settings() -> NeuronSettings {
    NeuronSettings { seed: 5, files: [2, 1, 1], simulations: 5, steps: 1400 }
}

fn made(folder: &Path, settings: &NeuronSettings, threads: usize) {
    let outcome = make(folder, settings, threads, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome, Outcome::Finished);
}

fn splits(folder: &Path) -> [Arc<NeuronSplit>; 3] {
    Layout::of(folder).unwrap().splits.map(|paths| Arc::new(NeuronSplit::open(&paths, |_| ()).unwrap()))
}

fn written(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("sim.p");
    fs::write(&path, bytes).unwrap();
    path
}

fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), bytes);
    let error = match NeuronFile::open(&path) {
        Ok(_) => panic!("the file was accepted"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("sim.p"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left behind");
    error
}

#[test]
fn every_protocol_gives_the_same_simulations() {
    let spike = |step, channel| InputSpike { step, channel };
    let voltage: Vec<f32> = (0..20).map(|step| -70.0 - 0.5 * step as f32).collect();
    let first = Simulation {
        inputs: vec![spike(0, 4), spike(3, 0), spike(5, 2), spike(12, 4), spike(19, 0)],
        spikes: vec![0, 2, 7],
        voltage: voltage.clone(),
    };
    let second = Simulation { inputs: vec![spike(4, 1)], spikes: vec![], voltage };
    for (protocol, bytes) in PROTOCOLS.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let file = NeuronFile::open(&written(folder.path(), bytes)).unwrap();
        assert_eq!((file.segments(), file.steps(), file.simulations()), (3, 20, 2), "protocol {protocol}");
        assert_eq!(file.read().unwrap(), [first.clone(), second.clone()], "protocol {protocol}");
    }
}

#[test]
fn files_cut_off_anywhere_are_refused_and_leave_nothing() {
    for bytes in PROTOCOLS {
        for end in (0..bytes.len()).step_by(bytes.len() / 40).chain([bytes.len() - 1]) {
            assert!(refusal(&bytes[..end]).contains("byte "));
        }
    }
}

#[test]
fn files_with_a_flipped_bit_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [PROTOCOLS[0], PROTOCOLS[2], PROTOCOLS[4]] {
        for at in (0..bytes.len()).step_by(397) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1 << (at % 8);
            if let Ok(file) = NeuronFile::open(&written(folder.path(), &damaged)) {
                assert_eq!(file.read().unwrap().len(), file.simulations());
            }
        }
    }
}

#[test]
fn names_that_python_would_import_are_refused() {
    let error = refusal(b"\x80\x02cposix\nsystem\nU\x02id\x85R.");
    assert!(error.contains("byte 2: names posix.system, which no data file needs"), "{error}");
}

#[test]
fn what_cannot_be_is_named_with_its_place() {
    let changed = |protocol: usize, from: &[u8], to: &[u8]| {
        let bytes = PROTOCOLS[protocol];
        let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
        refusal(&[&bytes[..at], to, &bytes[at + from.len()..]].concat())
    };
    // Protocol 0 is text.
    let file = |from: &str, to: &str| changed(0, from.as_bytes(), to.as_bytes());
    let file2 = |from: &[u8], to: &[u8]| changed(2, from, to);
    assert!(
        file("VallSegmentsType", "VallSegmentsKind")
            .contains("Params: expected a dictionary with the key allS")
    );
    assert!(
        file("F0.02", "F0.03")
            .contains("simulation 0, somaVoltageLowRes: 20 values; expected an array of 30")
    );
    assert!(file("F0.02", "F200.0").contains("totalSimDurationInSec: expected up to 65 seconds"));
    assert!(
        file2(b"K\x04a", b"K\x14a").contains("simulation 1, exInputSpikeTimes, segment 1: a spike at 20 ms")
    );
    assert!(file2(b"K\x04a", b"Na").contains("segment 1: expected a list of times"));
    assert!(file2(b"K\x04a", b"K\xc8a").contains("a spike at 200 ms; expected whole ms, 0 to 19"));
}

#[test]
fn made_files_are_read_as_they_were_made() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), &settings(), 2);
    let [train, valid, test] = splits(folder.path());
    assert_eq!((train.files().len(), train.len(), train.channels()), (2, 10, 1278));
    assert_eq!((valid.len(), test.len(), test.steps()), (5, 5, 1400));
    for (split, first) in [(&train, 0), (&valid, 10), (&test, 15)] {
        for file in 0..split.files().len() {
            for (place, found) in split.simulations(file).unwrap().iter().enumerate() {
                let index = (first + 5 * file + place) as u64;
                let wanted = simulation(&settings(), index).unwrap();
                assert_eq!((&found.inputs, &found.spikes), (&wanted.inputs, &wanted.spikes), "{index}");
                let half = |value: f32| half_precision(value);
                assert!(found.voltage.iter().zip(&wanted.voltage).all(|(&a, &b)| (a - half(b)).abs() < 1e-6));
            }
        }
    }
    assert_ne!(train.digest().unwrap(), valid.digest().unwrap());
    let sample = train.read(6).unwrap();
    let simulation = &train.simulations(1).unwrap()[1];
    let SampleInput::Events { steps: 1400, events } = &sample.input else { panic!() };
    assert_eq!(events.len(), simulation.inputs.len());
    let Answer::ValuesEveryStep(values) = &sample.answer else { panic!() };
    assert_eq!(values.iter().step_by(2).sum::<f32>(), simulation.spikes.len() as f32);
}

/// A voltage as the files have it: eleven digits of the mantissa.
fn half_precision(value: f32) -> f32 {
    let unit = 2f32.powi(value.abs().log2().floor() as i32 - 10);
    (value / unit).round_ties_even() * unit
}

#[test]
fn the_made_neuron_spikes_about_once_a_second() {
    let settings = NeuronSettings { steps: 6000, ..settings() };
    let spikes: usize = (0..12).map(|index| simulation(&settings, index).unwrap().spikes.len()).sum();
    let rate = spikes as f64 / 72.0;
    assert!((0.2..2.5).contains(&rate), "{rate} Hz");
}

#[test]
fn threads_change_no_byte_and_a_stopped_generation_continues() {
    let all = |folder: &Path| {
        let paths = Layout::of(folder).unwrap().splits.concat();
        paths.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let [one, two] = [1, 2].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        if threads == 2 {
            let stopped = make(folder.path(), &settings(), 2, &mut |_, _| ControlFlow::Break(())).unwrap();
            assert_eq!(stopped, Outcome::Stopped);
        }
        made(folder.path(), &settings(), threads);
        all(folder.path())
    });
    assert!(one == two);
}

#[test]
fn python_and_numpy_read_made_files() {
    let script = "import pickle, sys\nimport numpy as np\n\
        d = pickle.load(open(sys.argv[1], 'rb'), encoding='latin1')\n\
        s = d['Results']['listOfSingleSimulationDicts']\n\
        print(len(d['Params']['allSegmentsType']), d['Params']['totalSimDurationInSec'], len(s))\n\
        v = s[0]['somaVoltageLowRes']; e = s[0]['exInputSpikeTimes']\n\
        print(v.dtype, v.shape, sum(len(t) for t in e.values()), type(next(iter(e))).__name__)\n";
    let is_there = Command::new("python3").args(["-c", "import numpy"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: python3 with NumPy is absent, so that nobody else reads the made files");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), &settings(), 1);
    let path = &Layout::of(folder.path()).unwrap().splits[2][0];
    let output = Command::new("python3").args(["-W", "ignore", "-c", script]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let wanted = simulation(&settings(), 15).unwrap();
    let excitatory = wanted.inputs.iter().filter(|spike| spike.channel < 639).count();
    let text = format!("639 1.4 5\nfloat16 (1400,) {excitatory} int64\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), text);
}

/// Targets and events of one row of a batch.
fn row(batch: &Batch, row: usize) -> (Vec<f32>, Vec<f32>, Vec<(usize, u32, f32)>) {
    let Target::SpikeAndSoma { spike, soma, .. } = &batch.target else { panic!("{:?}", batch.target) };
    let Input::Events(events) = &batch.input else { panic!("no events") };
    let column = |values: &[f32]| values.iter().skip(row).step_by(batch.rows).copied().collect();
    let mut own = Vec::new();
    for step in 0..batch.steps {
        let entries = &events.entries[events.starts[step] as usize..events.starts[step + 1] as usize];
        assert!(entries.is_sorted_by_key(|event| (event.row, event.channel)));
        own.extend(entries.iter().filter(|e| e.row as usize == row).map(|e| (step, e.channel, e.count)));
    }
    (column(spike), column(soma), own)
}

#[test]
fn evaluation_covers_every_step_once_with_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), &settings(), 0);
    let [train, ..] = splits(folder.path());
    let shape = WindowSettings { rows: 3, steps: 500, burn_in: 150 };
    let mut windows = EvaluationWindows::new(train.clone(), shape, usize::MAX).unwrap();
    // 0, 350, 700, 1050 for 3 and 2 simulations of 2 files.
    assert_eq!(windows.batches(), 16);
    let mut covered = vec![0; 10 * 1400];
    while let Some(batch) = windows.next().unwrap() {
        let Target::SpikeAndSoma { burn_in, place: Some(place), .. } = batch.target else { panic!() };
        let start = place.start as usize - burn_in;
        assert_eq!(place.ends_file, (place.first, start) == (3, 1050));
        for at in 0..batch.rows {
            let simulation = &train.simulations(place.file as usize).unwrap()[place.first as usize + at];
            let (spike, soma, events) = row(&batch, at);
            for step in 0..batch.steps {
                let (spikes, voltage) =
                    (simulation.spikes.contains(&((start + step) as u16)), simulation.voltage[start + step]);
                assert_eq!((spike[step], soma[step]), (f32::from(u8::from(spikes)), soma_target(voltage)));
            }
            let wanted = simulation.inputs_within(start, start + batch.steps).iter().map(|spike| {
                let sign = if spike.channel < 639 { 1.0 } else { -1.0 };
                (usize::from(spike.step) - start, u32::from(spike.channel), sign)
            });
            assert_eq!(events, wanted.collect::<Vec<_>>());
            let number = 5 * place.file as usize + place.first as usize + at;
            for step in burn_in..batch.steps {
                covered[number * 1400 + start + step] += 1;
            }
        }
    }
    assert!(covered.iter().all(|&times| times == 1));
}

#[test]
fn training_batches_depend_on_seed_epoch_and_number_alone() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), &settings(), 0);
    let [train, ..] = splits(folder.path());
    let shape = WindowSettings { rows: 4, steps: 300, burn_in: 0 };
    // 0.4 of 7000 steps are two batches of 1200.
    let new = |seed| TrainingWindows::new(train.clone(), shape, 0.4, 6, seed).unwrap();
    let mut straight = new(1);
    let all: Vec<Batch> = (0..14).map(|_| straight.next().unwrap().unwrap()).collect();
    assert_eq!(straight.cursor(), [2, 2]);
    for start in [0, 3, 6, 13] {
        let mut resumed = new(1);
        resumed.seek([start / 6, start % 6]).unwrap();
        assert!(resumed.next().unwrap().unwrap() == all[start as usize]);
    }
    assert!(all[0] != all[6] && all[0] != new(2).next().unwrap().unwrap());
    assert!(all.iter().all(|batch| (batch.rows, batch.steps) == (4, 300)));
    assert!(straight.seek([0, 7]).is_err());
}

#[test]
fn windows_that_do_not_fit_are_refused_with_both_lengths() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path(), &settings(), 0);
    let [train, ..] = splits(folder.path());
    let new = |rows, steps, burn_in| {
        let shape = WindowSettings { rows, steps, burn_in };
        TrainingWindows::new(train.clone(), shape, 0.3, 10, 0).err().map(|error| error.to_string())
    };
    assert_eq!(new(5, 899, 150), None);
    assert!(new(5, 900, 150).unwrap().contains("data.window_ms: windows of 900 steps, after the first 501"));
    assert!(new(6, 300, 0).unwrap().contains("a batch of 6 does not fit a file of 5 simulations"));
    assert!(new(5, 300, 300).unwrap().contains("data.burn_in_ms"));
    let long = WindowSettings { rows: 1, steps: 1401, burn_in: 0 };
    assert!(EvaluationWindows::new(train.clone(), long, 1).is_err());
}

#[test]
fn a_damaged_copy_and_another_neuron_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), PROTOCOLS[2]);
    let file = NeuronFile::open(&path).unwrap();
    let mut bytes = fs::read(file.copy()).unwrap();
    bytes[60] ^= 1;
    fs::write(file.copy(), bytes).unwrap();
    let error = NeuronFile::open(&path).unwrap().read().unwrap_err().to_string();
    assert!(error.contains("sim.neuronio: checksum"), "{error}");
    let other = tempfile::tempdir().unwrap();
    made(other.path(), &settings(), 0);
    let first = Layout::of(other.path()).unwrap().splits[0][0].clone();
    let error = NeuronSplit::open(&[first, path], |_| ()).err().unwrap().to_string();
    assert!(error.contains("3 segments and 20 steps"), "{error}");
}
