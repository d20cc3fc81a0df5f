//! The command line: what can be said, and what is done about it. One file for
//! each command that takes more than a configuration.

mod bench;
mod check;
mod config;
mod eval;
mod export;
mod generate;
mod import;
mod inspect;
mod law;
mod plot;
mod report;
mod runs;
mod sweep;
mod train;
mod verify;

use crate::answer::{Exit, print};
use crate::commands::data::DataCommand;
use crate::config::RunConfig;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// Train and inspect networks of Expressive Leaky Memory (ELM) neurons.
#[derive(Debug, Parser)]
#[command(name = "elm", version, arg_required_else_help = true)]
#[command(after_help = "Example: elm train configs/quickstart.toml")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train the network of a configuration
    #[command(after_help = "Examples:\n  elm train configs/quickstart.toml\n  elm train configs/text.toml \
        --set data.path=/some/book.txt --out runs/book\n  elm train runs/book --resume\n  elm train \
        configs/text.toml --set data.path=/another/book.txt --from runs/book --out runs/another\n\n\
        Ctrl-C saves and stops (exit code 130); --resume continues with the very same numbers.")]
    Train(train::TrainArgs),
    /// Evaluate a trained run as published for its task
    #[command(after_help = "Examples:\n  elm eval runs/quickstart-0\n  \
        elm eval runs/quickstart-0 --split train --predictions train.csv\n  \
        elm eval runs/quickstart-0 --json\n\n\
        A split is read once, in its order. `train` and `valid` take training.valid_batches batches of \
        training.valid_batch_size (by default 200 batches of a text, 500 fixed ones of added digits, else all), \
        `test` those of a test. A classification is answered class by class, with its confusion matrix.\n\n\
        FILE holds a prediction in each row: sample, label, prediction and the probability of each class; of a \
        text: position (in the split), symbol, prediction and the probability of the symbol. A .csv has names, \
        a .npz numbers and the names behind them.\n\n\
        Masks of model.dropout.input_mode = \"per_step\" act in evaluation too, and differ from row to row of a \
        batch: such a network scores differently with another batch size.")]
    Eval(eval::EvalArgs),
    /// Look into a trained ELM network: rasters, traces, timescales, what matters
    #[command(after_help = "Examples:\n  elm inspect runs/quickstart-0\n  \
        elm inspect runs/quickstart-0 --examples 20 --neurons 0,3,7 --out looked-into\n  \
        elm inspect runs/text-0 --split valid --examples 1 --json\n\n\
        Pictures: raster-EXAMPLE (input, activity, answers), text-EXAMPLE (a text beside its prediction), \
        traces-NEURON (branches, memory, activity), timescales, activity, intervals, correlations, and what is \
        lost without a neuron (ablation) or a branch (branches-NEURON). Those of examples are made of the first \
        three, numbers are of all.\n\n\
        Keys in JSON: `examples` (label, prediction, probability; of a text each of its `symbols`), `layer` \
        (fraction_active, silent, saturated, events with fano_factor and intervals, correlations, effective_rank, \
        timescales), `neurons` (memory, branches, strongest synapses), `ablation`. null is what is not defined, \
        such as the intervals of a silent neuron; losses are in nats, of real values mean squared errors; intervals and timescales are in time steps.")]
    Inspect(inspect::InspectArgs),
    /// Train a set of runs, one process each
    #[command(after_help = "Examples:\n  elm sweep configs/sweeps/small.toml --dry-run\n  \
        elm sweep configs/sweeps/small.toml --out runs/small --jobs 2\n  \
        elm sweep runs/small --status\n  elm sweep runs/small --resume\n  \
        elm sweep configs/sweeps/small.toml --out runs/array --slurm --dry-run\n\n\
        A sweep file names a configuration and what is varied; configs/sweeps has some, the README says what \
        one may hold. All runs are checked before any starts. Ctrl-C lets them save and stops (exit code 130); \
        whatever happened, --resume goes on where they were. Exit code 1 if a run failed. --slurm submits what is \
        missing as one job array, as [slurm] of the file asks; again submits only what is missing then.")]
    Sweep(sweep::SweepArgs),
    /// Draw learning curves of one or several runs
    #[command(after_help = "Examples:\n  elm plot runs/quickstart-0\n  \
        elm plot runs/quickstart-0 --metric accuracy --against seconds\n  \
        elm plot runs --smooth 50 --log-y --out curves\n\n\
        Writes curves.svg and curves.png, of another metric than the loss curves-NAME. Runs are called by the \
        settings in which they differ, else by their folders; training is a solid line, validation of several \
        runs a dashed one.")]
    Plot(plot::PlotArgs),
    /// List runs: state, best validation, speed, and the settings that differ
    #[command(after_help = "Examples:\n  elm runs\n  elm runs runs/small --sort best --state finished\n  \
        elm runs runs --filter data.kind=text --json\n  elm runs diff runs/quickstart-0 runs/text-0\n\n\
        Every folder below DIR in which something was trained counts, those of sweeps too. `running`: a process \
        trains it now; `interrupted`: --resume goes on with it; `failed`: a sweep knows why.")]
    Runs(runs::RunsArgs),
    /// Write a run or a sweep as one HTML page
    #[command(after_help = "Examples:\n  elm report runs/quickstart-0\n  \
        elm report runs/small --out small.html\n\n\
        The page needs nothing but itself: figures, learning curves, the pictures below `plots/`, every setting \
        with its origin, program and machine, and the log; of a sweep its tables, figures and runs.")]
    Report(report::ReportArgs),
    /// Count parameters, operations and memory; reads no data
    #[command(after_help = "Example: elm info configs/enwik8.toml --set model.num_hidden=440")]
    Info(ConfigArgs),
    /// Every setting of a run or configuration, defaults filled in
    #[command(
        after_help = "Examples:\n  elm config runs/quickstart-0 --origin\n  elm config configs/text.toml"
    )]
    Config(config::SettingsArgs),
    /// Check configurations and whether their data is there; trains nothing
    #[command(after_help = "Examples:\n  elm check configs/quickstart.toml configs/digits_neuron.toml\n  \
        elm check configs/quickstart.toml --json\n  elm check --keys\n\nEvery file is checked, also after a bad one; exit \
        code 2 if a configuration is wrong, else 1 if data is missing.")]
    Check(check::CheckArgs),
    /// Is a backend right on this machine? Runs reference records
    #[command(after_help = "Examples:\n  elm verify\n  elm verify folder/of/records --scan fused\n  \
        elm verify runs/text-0\n\nA record is NAME.json beside NAME.safetensors; a folder stands for those in it, \
        the folder of a run for its network with its best weights on drawn input, against the f64 reference.")]
    Verify(verify::VerifyArgs),
    /// Time training and inference of a configured model on random data
    #[command(after_help = "Example: elm bench configs/enwik8.toml --steps 20 --threads 2\n\n\
        The last lines tell for every layer how it is computed, in which form it gets its input, its operations in \
        one time step of one sample, and the time and share of the processor's peak that its recurrence takes in a \
        training step; on a card, which works behind, only the first three.")]
    Bench(bench::BenchArgs),
    /// Write the weights of a run for other programs, or a network that runs by itself
    #[command(after_help = "Examples:\n  elm export runs/text-0 --to safetensors --out text.safetensors\n  \
        elm export runs/text-0 --to pytorch-names --out text-pytorch.safetensors --checkpoint last\n  \
        elm export runs/text-0 --live --out text-live.safetensors\n\n\
        The names are listed in the README, with a program of thirty lines that runs a neuron in PyTorch. The \
        header has every setting and the symbols of the run, so that `elm import` needs nothing else.\n\n\
        With --live (or --to live) the file holds the network, its weights, and what its inputs and outputs are; a \
        program runs it step by step without configuration, data or this program, see \"Deployment in one file\" in \
        the README. LSTM, GRU, LIF, Transformer and networks that compare pairs are refused.")]
    Export(export::ExportArgs),
    /// Take over weights of another program as a run
    #[command(after_help = "Example (after that of `elm export`):\n  \
        elm import text.safetensors --out runs/imported\n\n\
        A checkpoint of the authors comes with its model_config.json, and the data it is for is said: \
        `elm import model.pt --config model_config.json --set data.kind=neuronio --set data.path=/folder/of/neuronio \
        --out runs/pretrained`. What PyTorch has pickled is read, never executed. The run can be evaluated, \
        verified (`elm verify runs/pretrained`) and trained on (`elm train CONFIG --from`, or --resume).")]
    Import(import::ImportArgs),
    /// How to split a budget of parameters: optimum, front, power law, theory
    #[command(after_help = "Examples:\n  elm law --task text\n  \
        elm law --task spikes --out law-spikes --json\n  elm law --task text --budget 1e5 --out small-text\n\n\
        A table is `results.csv` of `elm sweep`, or one with its columns: trainable_parameters, num_memory, \
        num_neurons, valid_bpc, test_bpc and so on; runs whose state is not `finished` are left out. Which \
        allocation is best is read from the validation column, what it reaches from the test column; an accuracy is \
        fitted as the error 1 - accuracy. Intervals are of 90 %, from a bootstrap.\n\n\
        Without a table, --task takes the published sweep. With --budget and --task, DIR gets recommended.toml, \
        ready to train.")]
    Law(law::LawArgs),
    /// Sample text from a network trained on text
    #[command(after_help = "Examples:\n  elm generate runs/text-0 --prompt \"The \" --length 200\n  \
        elm generate runs/text-0 --prompt \"The \" --temperature 0\n  \
        echo \"The\" | elm generate runs/text-0 --top-k 5\n\n\
        Without --prompt, or with `--prompt -`, the prompt is what standard input holds, without the end of its \
        last line. A symbol that the run does not know is an error.")]
    Generate(generate::GenerateArgs),
    /// Data sets: list, look at, check, make and convert them
    #[command(after_help = "Examples:\n  elm data list\n  elm data check /folder/of/shd\n  \
        elm data make listops --out data/listops-1000")]
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
    /// List backends and devices, and why something is not usable
    #[command(after_help = "Example: elm backends")]
    Backends {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print completions for a shell
    #[command(after_help = "Example: elm completions bash > ~/.local/share/bash-completion/completions/elm")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// Configuration file, or the folder of a run
    config: PathBuf,
    /// Override a setting, e.g. training.learning_rate=1e-3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Cli {
    /// Does what was said.
    ///
    /// # Errors
    /// Whatever the command fails with; nothing was printed of it yet.
    pub fn run<S: ConfiguredModel>(self, registry: &Registry<S>) -> Result<Exit> {
        match self.command {
            Command::Train(args) => train::run(args, registry),
            Command::Eval(args) => eval::run(args, registry),
            Command::Inspect(args) => inspect::run(args, registry),
            Command::Sweep(args) => sweep::run(args, registry),
            Command::Plot(args) => plot::run::<S>(args),
            Command::Runs(args) => runs::run::<S>(args),
            Command::Report(args) => report::run::<S>(args),
            Command::Info(args) => {
                let info = crate::commands::info::run::<S>(&RunConfig::load(&args.config, &args.overrides)?)?;
                print(args.json, &info, || info.to_string())?;
                Ok(Exit::Done)
            }
            Command::Config(args) => config::run::<S>(&args),
            Command::Check(args) => check::run(&args, registry),
            Command::Verify(args) => verify::run(args, registry),
            Command::Bench(args) => bench::run(args, registry),
            Command::Import(args) => import::run::<S>(args),
            Command::Export(args) => export::run::<S>(args),
            Command::Law(args) => law::run(args),
            Command::Generate(args) => generate::run(args, registry),
            Command::Data { command } => command.run(),
            Command::Backends { json } => {
                let reports = registry.reports();
                print(json, &reports, || crate::commands::backends::table(&reports))?;
                Ok(Exit::Done)
            }
            Command::Completions { shell } => {
                // Into memory first: clap_complete panics where it cannot write.
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "elm", &mut script);
                print(false, &(), || String::from_utf8_lossy(&script).into_owned())?;
                Ok(Exit::Done)
            }
        }
    }
}
