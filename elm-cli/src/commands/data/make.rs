//! `elm data make`: data sets that can be made.

use crate::answer::{Exit, tell};
use crate::run::progress::Progress;
use crate::run::signals::StopFlag;
use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use elm_data::cochlea::{AudioFolder, Cochlea, CochleaSettings};
use elm_data::listops::{self, ListOpsSettings};
use elm_data::neuronio::{self, make::NeuronSettings};
use elm_data::pathfinder::{self, Difficulty, PathfinderSettings};
use elm_data::spikes::{
    Binning, CHANNELS, Collection, DigitsSettings, SpikeFile, Split, spiking_digits, write_shd,
};
use elm_data::{Outcome, Result as DataResult, Watch};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum MakeCommand {
    /// ListOps of the Long Range Arena, in the released layout
    #[command(after_help = "Example: elm data make listops --out data/listops-1000")]
    Listops {
        #[command(flatten)]
        place: Place,
        /// Samples of train, valid and test
        #[arg(long, value_name = "N,N,N", value_parser = numbers::<3>, default_value = "96000,2000,2000")]
        samples: [u64; 3],
        /// An expression has more symbols than the first number and fewer than the second;
        /// parentheses are not counted
        #[arg(long, value_name = "N,N", value_parser = numbers::<2>, default_value = "500,2000")]
        lengths: [u64; 2],
    },
    /// A recorded neuron in the layout of NeuronIO: published input process, answered by a model of ours
    #[command(after_help = "Example: elm data make neuronio --out data/neuronio\n\n\
        The neuron has 45 dendritic branches with slow synapses that saturate, and a threshold; it is not the\n\
        published one, which needs a simulator, and figures on it are not comparable with published ones.")]
    Neuronio {
        #[command(flatten)]
        place: Place,
        /// Files of train, valid and test
        #[arg(long, value_name = "N,N,N", value_parser = numbers::<3>, default_value = "8,1,1")]
        files: [u64; 3],
        /// Simulations of a file
        #[arg(long, default_value_t = 128)]
        simulations: u64,
        /// Time of a simulation in ms
        #[arg(long, default_value_t = 6000)]
        milliseconds: u64,
    },
    /// Pathfinder of the Long Range Arena, in the released layout
    #[command(
        after_help = "Example: elm data make pathfinder --out data/pathfinder128 --side 128 --pictures 200000"
    )]
    Pathfinder {
        #[command(flatten)]
        place: Place,
        /// Number of pictures; 8 of 10 are for training
        #[arg(long, default_value_t = 200_000)]
        pictures: u64,
        /// Side in pixels: 32, 64, 128 (Path-X) or 256
        #[arg(long, default_value_t = 32)]
        side: usize,
        /// Length of the curves; published results are on the hard ones
        #[arg(long, value_enum, default_value = "hard")]
        difficulty: DifficultyName,
    },
    /// Spikes as HDF5 files in the layout of SHD: made-up digits, or recorded sound through a model ear
    #[command(after_help = "Examples:\n  elm data make spikes --out data/digits --samples 8156,2264\n  \
        elm data make spikes --from-audio recordings --out data/words\n\n\
        Recordings: a sub-folder for each word, WAV files in it; every fifth is for the test.\n\
        The ear: 700 gammatone filters, hair cells, bushy cells; unit 0 is the lowest frequency.")]
    Spikes {
        #[command(flatten)]
        place: Place,
        /// Recordings of train and test
        #[arg(long, value_name = "N,N", value_parser = numbers::<2>, default_value = "2000,500")]
        samples: [u64; 2],
        /// Folder with a sub-folder of WAV files for each word
        #[arg(long, value_name = "DIR", conflicts_with_all = ["samples", "threads"])]
        from_audio: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Folder to fill; new, empty, or left by the same command
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Seed of everything
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Threads; the data does not depend on them [default: one per processor]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..), allow_negative_numbers = true)]
    threads: Option<u16>,
}

impl Place {
    /// As the makers take it: 0 is one per processor.
    fn threads(&self) -> usize {
        self.threads.map_or(0, usize::from)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DifficultyName {
    Easy,
    Intermediate,
    Hard,
}

impl MakeCommand {
    pub(super) fn run(self) -> Result<Exit> {
        match self {
            MakeCommand::Listops { place, samples, lengths } => {
                let lengths = lengths.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
                let settings =
                    ListOpsSettings { seed: place.seed, samples, lengths, ..ListOpsSettings::default() };
                let total = samples.iter().copied().fold(0, u64::saturating_add);
                follow("listops", total, &place.out, |watch| {
                    listops::make(&place.out, &settings, place.threads(), watch)
                })
            }
            MakeCommand::Neuronio { place, files, simulations, milliseconds } => {
                let settings = NeuronSettings { seed: place.seed, files, simulations, steps: milliseconds };
                let total = files.iter().copied().fold(0, u64::saturating_add);
                follow("neuronio, files", total, &place.out, |watch| {
                    neuronio::make::make(&place.out, &settings, place.threads(), watch)
                })
            }
            MakeCommand::Pathfinder { place, pictures, side, difficulty } => {
                let difficulty = match difficulty {
                    DifficultyName::Easy => Difficulty::Easy,
                    DifficultyName::Intermediate => Difficulty::Intermediate,
                    DifficultyName::Hard => Difficulty::Hard,
                };
                let settings = PathfinderSettings { seed: place.seed, pictures, side, difficulty };
                follow("pathfinder", pictures, &place.out, |watch| {
                    pathfinder::make(&place.out, &settings, place.threads(), watch)
                })
            }
            MakeCommand::Spikes { place, from_audio: Some(folder), .. } => heard(&place, &folder),
            MakeCommand::Spikes { place, samples, .. } => spikes(&place, samples),
        }
    }
}

/// Reads `N` numbers with commas between.
fn numbers<const N: usize>(text: &str) -> std::result::Result<[u64; N], String> {
    let parts: std::result::Result<Vec<u64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let wrong = || format!("expected {N} whole numbers with commas between");
    parts.ok().and_then(|parts| parts.try_into().ok()).ok_or_else(wrong)
}

/// Runs a generator with progress; Ctrl-C stops it where it can continue.
fn follow(
    name: &str,
    total: u64,
    out: &Path,
    make: impl FnOnce(Watch<'_>) -> DataResult<Outcome>,
) -> Result<Exit> {
    let stop = StopFlag::install()?;
    let mut progress = Progress::new(name, 0, total);
    let outcome = make(&mut |done, _| {
        progress.update(done, String::new);
        if stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    drop(progress);
    match outcome {
        Outcome::Finished => {
            tell(format_args!("{name}: {total} in {}", out.display()));
            Ok(Exit::Done)
        }
        Outcome::Stopped => {
            tell(format_args!("stopped; the same command continues in {}", out.display()));
            Ok(Exit::Interrupted)
        }
    }
}

fn spikes(place: &Place, samples: [u64; 2]) -> Result<Exit> {
    let settings =
        DigitsSettings { seed: place.seed, channels: CHANNELS, binning: Binning::new(2.0, false)? };
    let words: Vec<String> = (0..20).map(|class| format!("made-up digit {class}")).collect();
    let files = [("shd_train.h5", Split::Train), ("shd_test.h5", Split::Test)];
    for ((name, split), count) in files.into_iter().zip(samples) {
        let recipe = format!("elm: made-up digits, {split:?}, {count} recordings, seed {}", place.seed);
        let Some(path) = new_file(place, name, &recipe)? else { continue };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        write_shd(&path, &spiking_digits(&settings, split, count)?.recordings, &words, &recipe)?;
        tell(format_args!("{}: {count} made-up recordings", path.display()));
    }
    Ok(Exit::Done)
}

/// Spikes from recorded words.
fn heard(place: &Place, folder: &Path) -> Result<Exit> {
    let words = AudioFolder::open(folder)?;
    let names: Vec<String> = words.words.iter().map(|word| word.name.clone()).collect();
    let cochlea = Cochlea::new(CochleaSettings { seed: place.seed, ..CochleaSettings::default() });
    let stop = StopFlag::install()?;
    let recipe =
        format!("elm: recorded words {}, heard by a model ear, seed {}", words.digest()?, place.seed);
    for (file, part) in ["shd_train.h5", "shd_test.h5"].into_iter().zip(words.split()) {
        let Some(path) = new_file(place, file, &recipe)? else { continue };
        let mut progress = Progress::new(file, 0, part.len() as u64);
        let (recordings, outcome) = part.listen(&cochlea, &mut |done, _| {
            progress.update(done, String::new);
            if stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        drop(progress);
        if outcome == Outcome::Stopped {
            tell(format_args!("stopped; the same command makes {}", path.display()));
            return Ok(Exit::Interrupted);
        }
        write_shd(&path, &recordings, &names, &recipe)?;
        tell(format_args!("{}: {} recordings of {} words", path.display(), recordings.len(), names.len()));
    }
    Ok(Exit::Done)
}

/// A file to make in the folder; none when it is there already, made by this
/// recipe.
///
/// # Errors
/// When the file is there, but another.
fn new_file(place: &Place, name: &str, recipe: &str) -> Result<Option<PathBuf>> {
    std::fs::create_dir_all(&place.out).with_context(|| format!("{}", place.out.display()))?;
    let path = place.out.join(name);
    if !path.exists() {
        return Ok(Some(path));
    }
    let made_by = SpikeFile::open(&path, Collection::Shd).map(|file| file.recipe().to_string());
    if made_by.is_ok_and(|made_by| made_by == recipe) {
        tell(format_args!("{}: is there already, made with these settings", path.display()));
        return Ok(None);
    }
    bail!("{}: is there already, and not made with these settings; take another folder", path.display())
}
