//! The model ear on sounds whose answer is known.

mod common;

use common::refusal;
use elm_data::cochlea::{AudioFolder, Cochlea, CochleaSettings, Sound};
use elm_data::spikes::Recording;
use std::f64::consts::TAU;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

const RATE: u32 = 40_000;

/// An ear with a tenth of the places, for speed.
fn ear() -> Cochlea {
    Cochlea::new(CochleaSettings { channels: 70, ..CochleaSettings::default() })
}

/// A tone of 0.15 s.
fn tone(frequency: f64, amplitude: f64) -> Sound {
    let at = |i: u32| amplitude * (TAU * frequency * f64::from(i) / f64::from(RATE)).sin();
    Sound { samples: (0..RATE * 3 / 20).map(|i| at(i) as f32).collect(), rate: RATE }
}

/// The unit in the middle of all spikes.
fn centre(recording: &Recording) -> f64 {
    let mut units = recording.units.clone();
    units.sort_unstable();
    f64::from(units[units.len() / 2])
}

#[test]
fn a_tone_is_heard_where_its_frequency_lies() {
    let ear = ear();
    for unit in [12, 25, 38, 50, 62] {
        let heard = ear.listen(&tone(ear.frequencies()[unit], 0.05), 0);
        assert!(heard.units.len() > 10, "unit {unit}: {} spikes", heard.units.len());
        let centre = centre(&heard);
        assert!((centre - unit as f64).abs() < 3.0, "unit {unit}: {centre}");
    }
    let frequencies = ear.frequencies();
    assert!((frequencies[0] - 50.0).abs() < 1e-6 && (frequencies[69] - 16_000.0).abs() < 1e-6);
    assert!(frequencies.is_sorted());
}

#[test]
fn silence_is_silent_and_louder_is_more() {
    let ear = ear();
    let spikes = |amplitude| ear.listen(&tone(1000.0, amplitude), 0).units.len();
    let counts = [0.0, 0.003, 0.03, 0.3].map(spikes);
    assert!(counts[0] <= 10, "{counts:?}");
    assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
}

#[test]
fn the_same_seed_and_place_give_the_same_spikes() {
    let ear = ear();
    let sound = tone(700.0, 0.02);
    assert_eq!(ear.listen(&sound, 4), ear.listen(&sound, 4));
    assert_ne!(ear.listen(&sound, 4), ear.listen(&sound, 5));
    let heard = ear.listen(&sound, 4);
    assert!(heard.times.is_sorted() && heard.times.iter().all(|time| (0.0..=0.1501).contains(time)));
}

fn write(path: &Path, sound: &Sound, bits: u16, channels: u16) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sample_format = if bits == 32 { hound::SampleFormat::Float } else { hound::SampleFormat::Int };
    let spec = hound::WavSpec { channels, sample_rate: sound.rate, bits_per_sample: bits, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in &sound.samples {
        for _ in 0..channels {
            match bits {
                32 => writer.write_sample(*sample).unwrap(),
                _ => writer.write_sample((sample * 2_f32.powi(i32::from(bits) - 1)) as i32).unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
}

#[test]
fn files_of_every_width_hold_the_same_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let sound = tone(500.0, 0.5);
    for (bits, channels, exact) in [(8, 1, 0.01), (16, 2, 1e-4), (24, 1, 1e-6), (32, 3, 1e-6)] {
        write(&path, &sound, bits, channels);
        let read = Sound::read(&path).unwrap();
        assert_eq!((read.rate, read.samples.len()), (RATE, sound.samples.len()), "{bits} bits");
        let worst = read.samples.iter().zip(&sound.samples).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= exact, "{bits} bits: {worst}");
    }
}

#[test]
fn bad_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    write(&path, &tone(500.0, 0.5), 16, 1);
    let whole = fs::read(&path).unwrap();
    for len in [0, 10, 30, 43, 44, 1001] {
        fs::write(&path, &whole[..len]).unwrap();
        refusal(Sound::read(&path), &path);
    }
    let mut no_rate = whole.clone();
    no_rate[24..28].fill(0);
    fs::write(&path, &no_rate).unwrap();
    refusal(Sound::read(&path), &path);
    write(&path, &Sound { samples: vec![], rate: RATE }, 16, 1);
    assert!(refusal(Sound::read(&path), &path).contains("0 samples"));
    fs::remove_file(&path).unwrap();
    refusal(Sound::read(&path), &path);
    refusal(AudioFolder::open(folder.path()), folder.path());
}

#[test]
fn a_folder_of_words_becomes_labelled_recordings() {
    let folder = tempfile::tempdir().unwrap();
    for (word, frequency) in [("high", 4000.0), ("low", 300.0)] {
        for i in 0..5 {
            let path = folder.path().join(word).join(format!("{i}.wav"));
            write(&path, &tone(frequency, 0.1), 16, 1);
        }
    }
    let [train, test] = AudioFolder::open(folder.path()).unwrap().split();
    assert_eq!((train.len(), test.len()), (8, 2));
    let (heard, _) = test.listen(&ear(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(heard.iter().map(|recording| recording.label).collect::<Vec<_>>(), [0, 1]);
    assert!(centre(&heard[0]) > centre(&heard[1]) + 15.0);
}

#[test]
fn spoken_words_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seven.wav");
    let mut spoke = false;
    for program in ["espeak-ng", "espeak"] {
        let said = Command::new(program).arg("-w").arg(&path).arg("seven").status();
        spoke = spoke || said.is_ok_and(|status| status.success());
    }
    if !spoke {
        eprintln!("skipped: no speech program (espeak-ng or espeak) is installed");
        return;
    }
    let heard = ear().listen(&Sound::read(&path).unwrap(), 0);
    assert!(heard.units.len() > 300, "{} spikes", heard.units.len());
}
