//! Text, retrieval and images of the Long Range Arena: files of the published
//! layouts against numbers found with Python, NumPy and Pillow.

mod common;

use common::{files, fingerprint, labels, tokens};
use elm_data::cifar::Cifar;
use elm_data::lra::{Grouped, Pairs, Pixels, Preparation, Reviews};
use elm_data::{Result, Sample, SampleInput, Samples};
use std::sync::Arc;

#[test]
fn reviews_are_characters_or_bytes() {
    let Some(folder) = files("aclImdb") else { return };
    let [train, valid, test] = Reviews::load(&folder, Preparation::S4, None, None).unwrap();
    assert_eq!((train.channels(), train.classes()), (19, 2));
    assert_eq!(labels(&train), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(tokens(&train, 0)[..20], [7, 3, 9, 10, 4, 4, 3, 5, 6, 4, 8, 3, 7, 3, 9, 10, 4, 4, 3, 5]);
    assert_eq!(fingerprint(&train), (1940, 1858597));
    assert_eq!((fingerprint(&valid), fingerprint(&test)), ((2528, 2779262), (2528, 2779262)));
    // A shorter length also leaves fewer characters to number.
    let [train, ..] = Reviews::load(&folder, Preparation::S4, Some(51), None).unwrap();
    assert_eq!((train.channels(), fingerprint(&train)), (13, (408, 58504)));

    let [train, _, test] = Reviews::load(folder.parent().unwrap(), Preparation::Lra, None, None).unwrap();
    assert_eq!(train.channels(), 257);
    assert_eq!(tokens(&train, 0)[..12], [98, 33, 101, 118, 109, 109, 33, 103, 106, 109, 110, 33]);
    assert_eq!((fingerprint(&train), fingerprint(&test)), ((1964, 27169125), (2552, 40336318)));
    let [.., short] = Reviews::load(&folder, Preparation::Lra, Some(100), None).unwrap();
    assert_eq!(fingerprint(&short), (800, 3542384));
}

/// Fingerprints of the first and of the second texts.
fn pair_fingerprints(pairs: &Pairs) -> [(usize, u64); 2] {
    [0, 1].map(|part| {
        let (mut length, mut sum) = (0, 0);
        for index in 0..pairs.len() {
            let SampleInput::TokenPair(texts) = pairs.read(index).unwrap().input else { panic!("no pair") };
            length += texts[part].len();
            sum += (1u64..).zip(&texts[part]).map(|(place, &id)| place * u64::from(id)).sum::<u64>();
        }
        (length, sum)
    })
}

#[test]
fn retrieval_reads_pairs_of_raw_texts() {
    let Some(folder) = files("tsv_data") else { return };
    let [train, valid, test] = Pairs::load(&folder, Preparation::S4, None, None).unwrap();
    assert_eq!((train.channels(), train.classes()), (32, 2));
    assert_eq!(labels(&train), [1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1]);
    assert_eq!(labels(&valid), [1, 1, 1, 0, 0, 1, 1, 0]);
    assert_eq!(labels(&test), [1, 0, 1, 1, 0, 0, 1, 0]);
    assert_eq!(pair_fingerprints(&train), [(10049, 27850548), (9209, 24176528)]);
    assert_eq!(pair_fingerprints(&valid), [(3535, 8875914), (3791, 10579011)]);
    assert_eq!(pair_fingerprints(&test), [(4039, 11916827), (3533, 8859076)]);
    let [train, ..] = Pairs::load(&folder, Preparation::S4, Some(100), None).unwrap();
    assert_eq!((train.channels(), pair_fingerprints(&train)), (31, [(2000, 1010785), (2000, 1026809)]));

    let [train, valid, test] = Pairs::load(folder.parent().unwrap(), Preparation::Lra, None, None).unwrap();
    let SampleInput::TokenPair([first, _]) = train.read(0).unwrap().input else { panic!("no pair") };
    // It begins with the letter b and a quote, as Python shows a byte string.
    assert_eq!(first[..8], [99, 35, 117, 106, 110, 102, 116, 100]);
    assert_eq!(pair_fingerprints(&train), [(10029, 257554229), (9189, 230855040)]);
    assert_eq!(pair_fingerprints(&valid), [(3527, 81833910), (3783, 96108793)]);
    assert_eq!(pair_fingerprints(&test), [(4031, 112243006), (3525, 83296324)]);
}

#[test]
fn both_layouts_of_cifar_give_the_grey_levels_of_pillow_and_tensorflow() {
    for layout in ["cifar-10-batches-bin", "cifar-10-batches-py"] {
        let Some(folder) = files(layout) else { return };
        let [train, valid, test] = Cifar::load(&folder, Preparation::S4, Pixels::TOKENS).unwrap();
        assert_eq!((train.channels(), train.classes()), (256, 10));
        let learned = [8, 7, 5, 0, 4, 6, 7, 9, 1, 7, 1, 4, 9, 3, 9, 8, 0, 2, 5, 3, 5, 3, 4, 4, 0, 3, 1];
        assert_eq!(labels(&train), learned);
        assert_eq!((labels(&valid), labels(&test)), (vec![8, 7, 1], vec![1, 9, 8, 2, 7, 5]));
        assert_eq!(tokens(&train, 0)[..8], [97, 196, 112, 102, 207, 143, 134, 107]);
        assert_eq!(fingerprint(&train), (27648, 1808784681));
        assert_eq!(fingerprint(&valid), (3072, 200074309));
        assert_eq!(fingerprint(&test), (6144, 399713208));

        let [train, valid, test] = Cifar::load(&folder, Preparation::Lra, Pixels::TOKENS).unwrap();
        assert_eq!(tokens(&train, 0)[..8], [143, 224, 182, 210, 127, 68, 65, 49]);
        assert_eq!(fingerprint(&train), (27648, 1802038769));
        assert_eq!(fingerprint(&valid), (3072, 202776200));
        assert_eq!(fingerprint(&test), (6144, 398885478));
    }
}

#[test]
fn pixels_are_scaled_as_s4_does() {
    let SampleInput::Dense { channels: 1, values } = Pixels::CIFAR.input(&[0, 97, 255]) else {
        panic!("not one channel")
    };
    // (x / 255 - 122.6 / 255) / (61 / 255)
    for (value, known) in values.iter().zip([-2.0098361, -0.4196721, 2.1704918]) {
        assert!((value - known).abs() < 1e-6, "{values:?}");
    }
    let SampleInput::Dense { values, .. } = Pixels::PATHFINDER.input(&[0, 51, 255]) else {
        panic!("not dense")
    };
    assert_eq!(values, [0.0, 0.2, 1.0]);
}

/// One sample of each kind.
struct Kinds(Vec<SampleInput>);

impl Samples for Kinds {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn channels(&self) -> usize {
        3
    }

    fn classes(&self) -> usize {
        1
    }

    fn digest(&self) -> Result<String> {
        Ok(format!("{:?}", self.0))
    }

    fn read(&self, index: usize) -> Result<Sample> {
        Ok(Sample::of_class(self.0[index].clone(), 0))
    }
}

#[test]
fn grouped_steps_lie_side_by_side_in_the_channels() {
    let kinds = Arc::new(Kinds(vec![
        SampleInput::Tokens(vec![2, 0, 1, 1, 2]),
        SampleInput::TokenPair([vec![1], vec![0, 1, 2]]),
        SampleInput::Dense { channels: 3, values: (0..9u8).map(f32::from).collect() },
        SampleInput::Events { steps: 3, events: vec![(0, 1, 2.0), (1, 0, 1.0), (2, 2, 1.0)] },
    ]));
    let one = Grouped::new(kinds.clone(), 1).unwrap();
    assert_eq!((one.channels(), one.read(0).unwrap().input), (3, kinds.0[0].clone()));
    let two = Grouped::new(kinds.clone(), 2).unwrap();
    assert_eq!((two.len(), two.channels(), two.classes()), (4, 6, 1));
    let known = [
        SampleInput::Events {
            steps: 3,
            events: vec![(0, 2, 1.0), (0, 3, 1.0), (1, 1, 1.0), (1, 4, 1.0), (2, 2, 1.0)],
        },
        SampleInput::EventPair {
            steps: [1, 2],
            events: [vec![(0, 1, 1.0)], vec![(0, 0, 1.0), (0, 4, 1.0), (1, 2, 1.0)]],
        },
        SampleInput::Dense {
            channels: 6,
            values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 0.0],
        },
        SampleInput::Events { steps: 2, events: vec![(0, 1, 2.0), (0, 3, 1.0), (1, 2, 1.0)] },
    ];
    for (index, known) in known.into_iter().enumerate() {
        assert_eq!(two.read(index).unwrap().input, known);
    }
    for size in [0, 1 << 24, usize::MAX] {
        let error = Grouped::new(kinds.clone(), size).err().unwrap().to_string();
        assert!(error.starts_with("data.group: "), "{error}");
    }
}
