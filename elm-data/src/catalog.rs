//! The data sets that this crate reads: where users get them, and how to tell
//! which of them a folder holds.

use crate::text::is_text_folder;
use std::path::Path;

/// A data set as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its name in configurations, `data.kind`.
    pub kind: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The files of it that are read.
    pub files: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Samples of train, valid and test, as published.
    pub samples: &'static str,
    /// Names by which it is told, any of which does; `*` is the rest of a name.
    marks: &'static [&'static str],
}

/// All of them.
pub const PUBLISHED: &[Published] = &[
    Published {
        kind: "shd",
        title: "Spiking Heidelberg Digits, 700 channels, 20 classes (also for shd_adding)",
        files: "shd_train.h5, shd_test.h5; plain, .gz or .zip",
        source: "zenkelab.org/datasets (CC BY 4.0)",
        samples: "8156 (20 % held out), 2264",
        marks: &["shd_train.h5*", "shd_test.h5*"],
    },
    Published {
        kind: "ssc",
        title: "Spiking Speech Commands, 700 channels, 35 classes",
        files: "ssc_train.h5, ssc_valid.h5, ssc_test.h5; plain, .gz or .zip",
        source: "zenkelab.org/datasets (CC BY 4.0)",
        samples: "75466, 9981, 20382",
        marks: &["ssc_train.h5*", "ssc_test.h5*"],
    },
    Published {
        kind: "listops",
        title: "Long Range Arena, ListOps, 10 classes",
        files: "basic_train.tsv, basic_val.tsv, basic_test.tsv",
        source: "lra_release.gz; or made: elm data make listops",
        samples: "96000, 2000, 2000",
        marks: &["basic_train.tsv", "listops-1000", "listops/basic_train.tsv"],
    },
    Published {
        kind: "lra_text",
        title: "Long Range Arena, Text: film reviews, 2 classes",
        files: "aclImdb/{train,test}/{neg,pos}/*.txt",
        source: "ai.stanford.edu/~amaas/data/sentiment, aclImdb_v1.tar.gz",
        samples: "25000, the test set, 25000",
        marks: &["aclImdb", "imdb.vocab", "train/pos"],
    },
    Published {
        kind: "lra_retrieval",
        title: "Long Range Arena, Retrieval: pairs of papers, 2 classes",
        files: "new_aan_pairs.train.tsv, new_aan_pairs.eval.tsv, new_aan_pairs.test.tsv",
        source: "lra_release.gz",
        samples: "147086, 18090, 17437",
        marks: &["new_aan_pairs.train.tsv", "tsv_data", "aan/new_aan_pairs.train.tsv"],
    },
    Published {
        kind: "lra_image",
        title: "Long Range Arena, Image: grey CIFAR-10, 10 classes",
        files: "cifar-10-batches-bin/ or cifar-10-batches-py/",
        source: "cs.toronto.edu/~kriz/cifar.html",
        samples: "45000, 5000, 10000",
        marks: &["cifar-10-batches-*", "data_batch_1*"],
    },
    Published {
        kind: "pathfinder",
        title: "Long Range Arena, Pathfinder (32 x 32) and Path-X (128 x 128), 2 classes",
        files: "pathfinder32/curv_contour_length_14/{imgs,metadata}/",
        source: "lra_release.gz; or made: elm data make pathfinder",
        samples: "160000, 20000, 20000",
        marks: &[
            "curv_contour_length_14",
            "metadata",
            "pathfinder32",
            "pathfinder64",
            "pathfinder128",
            "pathfinder256",
        ],
    },
    Published {
        kind: "arrays",
        title: "arrays of your own: classes or real values of sequences, tokens or spikes",
        files: "a .npz, or a folder of .npy or .csv files: x and y, or train_x, train_y, valid_x ...; a .csv of \
                one long recording (data.target)",
        source: "numpy.savez, or a table program",
        samples: "as many as there are",
        marks: &["x.npy", "x.csv", "train_x.npy", "train_x.csv", "times.npy", "train_times.npy"],
    },
    Published {
        kind: "neuronio",
        title: "NeuronIO: spikes and voltage of a detailed cortical neuron, 1278 channels",
        files: "full_ergodic_train_batch_1 (valid) to _10 (train), Data_test: pickles of 128 simulations; or \
                pickles in train, valid, test",
        source: "Kaggle, selfishgene/single-neurons-as-deep-nets-nmda-train-data and -test-data; or made: \
                 elm data make neuronio",
        samples: "some 100 files of 128 simulations of 6 s",
        marks: &["full_ergodic_train_batch_*", "train/full_ergodic_train_batch_1", "Data_test", "sim__*"],
    },
    Published {
        kind: "text",
        title: "any text; enwik8 and text8 are split as published",
        files: "enwik8, text8, a .zip of them, or any file; train.txt with valid.txt (or val.txt) and test.txt, \
                plain, .raw, or as prep_enwik8.py and prep_text8.py write them; wiki.train.raw, ptb.train.txt ...",
        source: "mattmahoney.net/dc/enwik8.zip, mattmahoney.net/dc/text8.zip",
        samples: "90, 5, 5 million characters",
        marks: &["enwik8", "enwik8.zip", "text8", "text8.zip"],
    },
];

/// Tells what a folder (by the names in it) or a file (by its own) holds.
pub fn detect(path: &Path) -> Option<&'static Published> {
    let of_folder = |mark: &str| match mark.strip_suffix('*') {
        None => path.join(mark).exists(),
        Some(start) => path.read_dir().is_ok_and(|entries| {
            let names = entries.flatten().map(|entry| entry.file_name());
            names.into_iter().any(|name| name.to_string_lossy().starts_with(start))
        }),
    };
    if path.is_dir() {
        let is_known = |set: &&Published| {
            set.marks.iter().any(|mark| of_folder(mark)) || set.kind == "text" && is_text_folder(path)
        };
        return PUBLISHED.iter().find(is_known);
    }
    let name = path.file_name()?.to_string_lossy();
    let of_file = |mark: &&str| match mark.strip_suffix('*') {
        None => name == **mark,
        Some(start) => name.starts_with(start),
    };
    let named = PUBLISHED.iter().find(|set| set.marks.iter().any(of_file));
    let is_text = || path.extension().is_some_and(|end| end == "txt" || end == "md");
    let arrays = || path.extension().is_some_and(|end| end == "npz" || end == "csv");
    let of_arrays = |set: &&Published| set.kind == "arrays" && path.is_file() && arrays();
    named
        .or_else(|| PUBLISHED.iter().find(of_arrays))
        .or_else(|| PUBLISHED.iter().find(|set| set.kind == "text" && path.is_file() && is_text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_and_files_are_told_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| detect(path).map(|set| set.kind);
        assert_eq!(kind(folder.path()), None);
        fs::write(folder.path().join("shd_test.h5.gz"), "").unwrap();
        assert_eq!(kind(folder.path()), Some("shd"));
        assert_eq!(kind(&folder.path().join("shd_test.h5.gz")), Some("shd"));
        fs::write(folder.path().join("book.txt"), "").unwrap();
        assert_eq!(kind(&folder.path().join("book.txt")), Some("text"));
        assert_eq!(kind(&folder.path().join("book.bin")), None);
    }
}
