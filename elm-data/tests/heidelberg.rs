//! SHD as published: files by the original tools, files of our own, and
//! damaged ones.

mod common;

use common::{files, refusal};
use elm_data::Samples;
use elm_data::spikes::{
    Binning, Collection, DigitsSettings, Recording, SpikeFile, Split, Spoken, spiking_digits, write_shd,
};
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::path::Path;

fn digits(count: usize) -> Vec<Recording> {
    let settings = DigitsSettings { seed: 3, channels: 700, binning: Binning::new(2.0, false).unwrap() };
    spiking_digits(&settings, Split::Train, count).unwrap().recordings
}

/// A folder with `shd_train.h5` and `shd_test.h5` of made digits.
fn folder(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["shd_train.h5", "shd_test.h5"] {
        write_shd(&folder.path().join(name), &digits(count), &[], "").unwrap();
    }
    folder
}

#[test]
fn what_is_written_is_read_and_the_copy_serves_next_time() {
    let folder = folder(30);
    let path = folder.path().join("shd_train.h5");
    let file = SpikeFile::open(&path, Collection::Shd).unwrap();
    assert_eq!(file.len(), 30);
    for (row, made) in digits(30).iter().enumerate() {
        assert_eq!(file.read(row).unwrap(), *made, "row {row}");
    }
    assert!(file.note().unwrap().contains("not the file as published"));
    let copy = folder.path().join("shd_train.spikes");
    let before = fs::metadata(&copy).unwrap().modified().unwrap();
    SpikeFile::open(&path, Collection::Shd).unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().modified().unwrap(), before);
    // A damaged copy is made again, and so is that of another file.
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, &bytes).unwrap();
    let again = SpikeFile::open(&path, Collection::Shd).unwrap();
    assert_eq!(again.read(29).unwrap(), digits(30)[29]);
    write_shd(&path, &digits(4), &["zero".into()], "").unwrap();
    assert_eq!(SpikeFile::open(&path, Collection::Shd).unwrap().len(), 4);
    assert!(fs::read_dir(folder.path()).unwrap().count() <= 3, "scratch files were left");
}

#[test]
fn archives_hold_the_same_recordings() {
    let folder = folder(5);
    let (plain, test) = (folder.path().join("shd_train.h5"), folder.path().join("shd_test.h5"));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&fs::read(&plain).unwrap()).unwrap();
    fs::write(folder.path().join("shd_train.h5.gz"), gz.finish().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.path().join("shd_test.h5.zip")).unwrap());
    zip.start_file("shd_test.h5", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&fs::read(&test).unwrap()).unwrap();
    zip.finish().unwrap();
    for path in [plain, test] {
        fs::remove_file(path).unwrap();
    }
    let binning = Binning::new(2.0, false).unwrap();
    let [train, valid, test] = Spoken::load(folder.path(), Collection::Shd, &binning, 0).unwrap();
    assert_eq!((train.len() + valid.len(), test.len()), (5, 5));
    assert_eq!(test.file().read(4).unwrap(), digits(5)[4]);
}

/// Label, speaker, spikes, sum of times, sum of units, spikes in bins of 10 ms
/// before 1 s, and bins that have any.
type Facts = (u32, u32, usize, f64, u64, f32, usize);

fn facts(recording: &Recording) -> Facts {
    let events = Binning::new(10.0, true).unwrap().events(recording);
    (
        recording.label,
        recording.speaker,
        recording.times.len(),
        recording.times.iter().map(|&time| f64::from(time)).sum(),
        recording.units.iter().map(|&unit| u64::from(unit)).sum(),
        events.iter().map(|event| event.2).sum(),
        events.len(),
    )
}

#[test]
fn files_of_the_original_tools_read_as_h5py_and_numpy_have_them() {
    let Some(published) = files("heidelberg") else { return };
    let folder = tempfile::tempdir().unwrap(); // compact copies are made beside the files
    for name in ["shd_train.h5", "shd_test.h5"] {
        fs::write(folder.path().join(name), fs::read(published.join(name)).unwrap()).unwrap();
    }
    let [train, valid, test] =
        Spoken::load(folder.path(), Collection::Shd, &Binning::new(10.0, true).unwrap(), 12345).unwrap();
    assert_eq!((train.len(), valid.len(), test.len()), (54, 10, 32));
    let first: [[Facts; 6]; 2] = [
        [
            (9, 9, 102, 67.76929092407227, 19116, 76.0, 76),
            (10, 7, 122, 49.690704345703125, 22147, 122.0, 118),
            (15, 7, 116, 56.5599365234375, 46413, 116.0, 113),
            (19, 2, 0, 0.0, 0, 0.0, 0),
            (0, 0, 99, 47.84246063232422, 17719, 99.0, 96),
            (2, 8, 100, 51.886962890625, 39544, 100.0, 99),
        ],
        [
            (11, 0, 126, 83.87416076660156, 55433, 94.0, 93),
            (7, 3, 94, 45.37224769592285, 37255, 94.0, 94),
            (6, 0, 113, 54.05242156982422, 41165, 113.0, 110),
            (3, 5, 0, 0.0, 0, 0.0, 0),
            (15, 6, 67, 34.15247344970703, 26908, 67.0, 66),
            (3, 8, 92, 45.39888000488281, 47230, 92.0, 91),
        ],
    ];
    let totals: [Facts; 2] = [
        (590, 339, 7031, 3507.4143503904343, 2210102, 6802.0, 6711),
        (253, 164, 3487, 1771.296471297741, 1220002, 3332.0, 3274),
    ];
    for ((split, first), total) in [train, test].iter().zip(first).zip(totals) {
        let file = split.file();
        let all: Vec<Facts> = (0..file.len()).map(|row| facts(&file.read(row).unwrap())).collect();
        assert_eq!(all[..6], first);
        let sum = all
            .into_iter()
            .reduce(|a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4, a.5 + b.5, a.6 + b.6));
        let sum = sum.unwrap();
        assert!((sum.3 - total.3).abs() < 1e-6, "{} s", sum.3);
        assert_eq!(Facts::from((sum.0, sum.1, sum.2, total.3, sum.4, sum.5, sum.6)), total);
    }
}

fn open(path: &Path) -> elm_data::Result<SpikeFile> {
    SpikeFile::open(path, Collection::Shd)
}

#[test]
fn what_does_not_belong_is_refused_by_file_and_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shd_test.h5");
    let spike = |time, unit, label| Recording { times: vec![time], units: vec![unit], label, speaker: 0 };
    let refuse = |bad: Recording, words: &[&str]| {
        write_shd(&path, &[spike(0.5, 3, 1), bad], &[], "").unwrap();
        let error = refusal(open(&path), &path);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    refuse(spike(0.5, 700, 1), &["row 1", "unit 700", "0 to 699"]);
    refuse(spike(-0.5, 3, 1), &["row 1", "-0.5 s"]);
    refuse(spike(f32::NAN, 3, 1), &["row 1", "NaN"]);
    refuse(spike(0.5, 3, 20), &["labels, row 1", "20; expected 0 to 19"]);
    refuse(Recording { times: vec![0.1, 0.2], ..spike(0.5, 3, 1) }, &["row 1", "2 times, but 1 units"]);
    // Empty rows are fine.
    write_shd(&path, &[Recording::default(), spike(0.5, 3, 1)], &[], "").unwrap();
    assert_eq!(open(&path).unwrap().read(0).unwrap(), Recording::default());
    fs::remove_file(&path).unwrap();
    assert!(refusal(open(&path), &path).contains("there is no such file"));
    fs::create_dir(&path).unwrap();
    assert!(refusal(open(&path), &path).contains("not a file"));
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert!(refusal(open(&path), &path).contains("HDF5"));
}

/// Recordings with these times each, written as both files of SHD.
fn timed(rows: &[&[f32]]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recording = |times: &&[f32]| Recording {
        times: times.to_vec(),
        units: vec![1; times.len()],
        ..Recording::default()
    };
    let recordings: Vec<Recording> = rows.iter().map(recording).collect();
    for name in ["shd_train.h5", "shd_test.h5"] {
        write_shd(&folder.path().join(name), &recordings, &[], "made").unwrap();
    }
    folder
}

#[test]
fn late_spikes_are_counted_split_by_split() {
    let rows: Vec<&[f32]> = vec![&[0.1, 0.5, 1.0], &[], &[0.2, 0.9]];
    let folder = timed(&rows.repeat(10));
    let load = |bin_ms| {
        let binning = Binning::new(bin_ms, true).unwrap();
        Spoken::load(folder.path(), Collection::Shd, &binning, 0).unwrap().map(|split| split.notes())
    };
    let [train, valid, test] = load(10.0);
    assert!(train[0].starts_with("train: ") && valid[0].starts_with("valid: "), "{train:?} {valid:?}");
    let known =
        "test: 10 of 50 spikes (20.0 %) come at 1 s or later, the latest at 1 s; they are dropped, in 10";
    assert!(test[0].starts_with(known), "{test:?}");
    // Steps of 700 ms reach to 1.4 s.
    assert_eq!(load(700.0), [const { Vec::<String>::new() }; 3]);
}

#[test]
fn times_in_another_unit_are_refused_with_the_unit_they_seem_to_have() {
    for (scale, unit) in [(1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")] {
        let times = [0.05, 0.3, 0.7].map(|time: f32| time * scale);
        let folder = timed(&[&times, &times, &times, &times, &times, &times]);
        let path = folder.path().join("shd_train.h5");
        let binning = Binning::new(2.0, false).unwrap();
        for whole in [false, true] {
            let result = match whole {
                true => Spoken::whole(&path, Collection::Shd, &binning).map(|_| ()),
                false => Spoken::load(folder.path(), Collection::Shd, &binning, 0).map(|_| ()),
            };
            let error = refusal(result, &path);
            assert!(error.contains("(100.0 %)") && error.contains(&format!("look like {unit}")), "{error}");
        }
    }
    // Seconds, but of long recordings.
    let folder = timed(&[&[0.5, 2.0, 3.0], &[1.5]]);
    let path = folder.path().join("shd_test.h5");
    let error = refusal(Spoken::whole(&path, Collection::Shd, &Binning::new(2.0, false).unwrap()), &path);
    assert!(error.contains("3 of 4 spikes (75.0 %)") && error.contains("cut the recordings"), "{error}");
}

#[test]
fn a_file_that_names_its_recipe_is_no_reason_for_a_note() {
    let folder = timed(&[&[0.5]]);
    let file = open(&folder.path().join("shd_train.h5")).unwrap();
    assert_eq!((file.recipe(), file.note()), ("made", None));
}

#[test]
fn a_copy_of_other_content_of_the_same_size_and_time_is_made_again() {
    let folder = timed(&[&[0.5, 0.25]]);
    let path = folder.path().join("shd_train.h5");
    assert_eq!(open(&path).unwrap().read(0).unwrap().times, [0.5, 0.25]);
    let about = fs::metadata(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let old = [0.5_f32.to_le_bytes(), 0.25_f32.to_le_bytes()].concat();
    let at = bytes.windows(8).position(|window| window == old).unwrap();
    bytes[at..at + 4].copy_from_slice(&0.75_f32.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    fs::File::open(&path).unwrap().set_modified(about.modified().unwrap()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), about.len());
    assert_eq!(open(&path).unwrap().read(0).unwrap().times, [0.75, 0.25]);
}

#[test]
fn speakers_that_are_no_numbers_are_none() {
    use hdf5_writer::{ByteOrder, DatasetBuilder, Datatype, Hdf5Builder, Hdf5Writer, WriteOptions};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shd_test.h5");
    let single = Datatype::FloatingPoint { size: 4, byte_order: ByteOrder::LittleEndian };
    let short = Datatype::FixedPoint { size: 2, signed: false, byte_order: ByteOrder::LittleEndian };
    let rows = |name, datatype, row: Vec<u8>| {
        DatasetBuilder::vlen_sequence_data(name, datatype, [2], vec![row.clone(), row]).unwrap()
    };
    let labels = |labels: &[u16]| DatasetBuilder::typed_data("labels", [2], labels).unwrap();
    let names = ["anna".to_string(), "ben".into()];
    let write = |labels| {
        let plan = Hdf5Builder::new()
            .dataset(rows("spikes/times", single.clone(), 0.5_f32.to_le_bytes().to_vec()))
            .dataset(rows("spikes/units", short.clone(), 3_u16.to_le_bytes().to_vec()))
            .dataset(labels)
            .dataset(DatasetBuilder::fixed_string_data("extra/speaker", [2], &names).unwrap())
            .into_plan()
            .unwrap();
        Hdf5Writer::new(fs::File::create(&path).unwrap(), WriteOptions::default()).finish(plan).unwrap();
    };
    write(labels(&[4, 5]));
    let file = open(&path).unwrap();
    assert_eq!((file.labels(), file.speakers()), (&[4, 5][..], &[0, 0][..]));
    // Labels are needed; what is found is said in words.
    write(DatasetBuilder::typed_data("labels", [2], &[0.5_f64, 1.0]).unwrap());
    let error = refusal(open(&path), &path);
    assert!(error.contains("expected whole numbers, found floating-point numbers of 8 bytes"), "{error}");
}

#[test]
fn a_zip_bomb_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shd_train.h5.gz");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&vec![0; 64 << 20]).unwrap();
    fs::write(&path, gz.finish().unwrap()).unwrap();
    assert!(refusal(open(&path), &path).contains("goes on beyond"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "scratch files were left");
}

#[test]
fn files_cut_off_anywhere_are_refused_by_name() {
    let folder = folder(40);
    let path = folder.path().join("shd_train.h5");
    let whole = fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(4096) {
        fs::write(&path, &whole[..len]).unwrap();
        refusal(open(&path), &path);
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&path).unwrap().len(), 40);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_with_changed_bytes_are_read_or_refused_by_name(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let folder = folder(3);
        let path = folder.path().join("shd_train.h5");
        let mut bytes = fs::read(&path).unwrap();
        for (place, value) in changes {
            // The first kilobytes are structure, the rest mostly spikes.
            let at = place.index(bytes.len().min(4096));
            bytes[at] = value;
        }
        fs::write(&path, &bytes).unwrap();
        if open(&path).is_err() {
            refusal(open(&path), &path);
        }
    }
}
