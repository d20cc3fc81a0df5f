//! The command line: what can be said, and what is done about it.

use crate::answer::{Exit, print};
use crate::commands::bench::BenchRequest;
use crate::commands::data::DataCommand;
use crate::commands::eval::{EvalRequest, config_of};
use crate::commands::generate::GenerateRequest;
use crate::commands::train::{Outcome, TrainRequest};
use crate::commands::verify::{VerifyRequest, table};
use crate::commands::{info, verify};
use crate::config::names::{Named, argument};
use crate::config::{RunConfig, keys};
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::Which;
use crate::run::signals::StopFlag;
use crate::task::{Purpose, Task};
use anyhow::{Context, Result};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use elm_core::device::{BackendOptions, Device, ScanChoice};
use elm_core::kernel::Simd;
use std::path::{Path, PathBuf};

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
        --set data.path=/some/book.txt --out runs/book\n  elm train configs/text.toml --out runs/book --resume\n\n\
        Ctrl-C saves and stops (exit code 130); --resume continues with the very same numbers.")]
    Train(TrainArgs),
    /// Evaluate a trained run as published for its task
    #[command(after_help = "Example: elm eval runs/quickstart-0 --split test")]
    Eval(EvalArgs),
    /// Count parameters, operations and memory; reads no data
    #[command(after_help = "Example: elm info configs/enwik8.toml --set model.num_hidden=440")]
    Info(ConfigArgs),
    /// Check configurations and whether their data is there; trains nothing
    #[command(after_help = "Examples:\n  elm check configs/*.toml\n  elm check --keys")]
    Check(CheckArgs),
    /// Is a backend right on this machine? Runs reference records
    #[command(after_help = "Examples:\n  elm verify\n  elm verify folder/of/records --scan fused")]
    Verify(VerifyArgs),
    /// Time training and inference of a configured model on random data
    #[command(after_help = "Example: elm bench configs/enwik8.toml --steps 20 --threads 2")]
    Bench(BenchArgs),
    /// Sample text from a network trained on text
    #[command(after_help = "Example: elm generate runs/text-0 --prompt \"The \" --length 200")]
    Generate(GenerateArgs),
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
    /// Configuration file
    config: PathBuf,
    /// Override a setting, e.g. training.learning_rate=1e-3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct TrainArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Run folder [default: runs/NAME-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in the folder; starts one if there is none
    #[arg(long)]
    resume: bool,
    /// Backend instead of the configured one
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Device instead of the configured one, e.g. cuda:0
    #[arg(long)]
    device: Option<Device>,
    /// Stop after so many updates; schedules stay those of the configuration
    #[arg(long, value_name = "N")]
    max_steps: Option<u64>,
    /// Seed instead of the configured one
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitName {
    Valid,
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CheckpointName {
    Best,
    Last,
}

#[derive(Debug, Args)]
struct EvalArgs {
    /// Run folder
    run: PathBuf,
    /// Which part of the data
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    checkpoint: CheckpointName,
    /// Override a setting, e.g. data.path=/elsewhere
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Configuration files
    #[arg(required_unless_present = "keys")]
    configs: Vec<PathBuf>,
    /// Override a setting in all of them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Document every key
    #[arg(long)]
    keys: bool,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Records (NAME.json beside NAME.safetensors) or folders of them; none: built-in ones
    paths: Vec<PathBuf>,
    /// Backend to check
    #[arg(long, default_value = "candle")]
    backend: String,
    /// Device to check
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// How the recurrence shall be computed
    #[arg(long, value_parser = argument::<ScanChoice>(), default_value = ScanChoice::Auto.name())]
    scan: ScanChoice,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct BenchArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Timed steps
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Backend instead of the configured one
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Device instead of the configured one
    #[arg(long)]
    device: Option<Device>,
    /// How the recurrence shall be computed
    #[arg(long, value_parser = argument::<ScanChoice>())]
    scan: Option<ScanChoice>,
    /// Instructions of the fused recurrence instead of the configured ones
    #[arg(long, value_parser = argument::<Simd>())]
    simd: Option<Simd>,
    /// Threads instead of the configured number
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Debug, Args)]
struct GenerateArgs {
    /// Run folder
    run: PathBuf,
    /// Text to start from
    #[arg(long)]
    prompt: String,
    /// Symbols to add
    #[arg(long, default_value_t = 200)]
    length: usize,
    /// Boldness: 0 takes the likeliest symbol, 1 draws as the network says
    #[arg(long, default_value_t = 1.0)]
    temperature: f64,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Cli {
    /// Does what was said.
    ///
    /// # Errors
    /// Whatever the command fails with; nothing was printed of it yet.
    pub fn run<S: ConfiguredModel>(self, registry: &Registry<S>) -> Result<Exit> {
        match self.command {
            Command::Train(args) => train(args, registry),
            Command::Eval(args) => eval(args, registry),
            Command::Info(args) => {
                let info = info::run::<S>(&RunConfig::load(&args.config, &args.overrides)?)?;
                print(args.json, &info, || info.to_string())?;
                Ok(Exit::Done)
            }
            Command::Check(args) => check::<S>(&args),
            Command::Verify(args) => verify_records(args, registry),
            Command::Bench(args) => bench(args, registry),
            Command::Generate(args) => generate(args, registry),
            Command::Data { command } => command.run(),
            Command::Backends { json } => {
                let reports = registry.reports();
                print(json, &reports, || crate::commands::backends::table(&reports))?;
                Ok(Exit::Done)
            }
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "elm", &mut std::io::stdout());
                Ok(Exit::Done)
            }
        }
    }
}

fn train<S: ConfiguredModel>(args: TrainArgs, registry: &Registry<S>) -> Result<Exit> {
    let mut overrides = args.config.overrides;
    let flags = [
        args.backend.map(|name| format!("backend.kind=\"{name}\"")),
        args.device.map(|device| format!("backend.device=\"{device}\"")),
        args.seed.map(|seed| format!("training.seed={seed}")),
    ];
    overrides.extend(flags.into_iter().flatten());
    let config = RunConfig::load(&args.config.config, &overrides)?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let default = || Path::new("runs").join(format!("{}-{}", config.name, config.training.seed));
    let out = args.out.unwrap_or_else(default);
    let request = TrainRequest {
        out: out.clone(),
        overrides,
        resume: args.resume,
        max_steps: args.max_steps,
        stop: StopFlag::install()?,
        config,
    };
    match engine.train(options, &request)? {
        Outcome::Done(summary) => {
            print(args.config.json, &summary, || summary.text())?;
            Ok(Exit::Done)
        }
        Outcome::Interrupted(step) => {
            eprintln!("stopped after {step} updates, saved in {}; continue with --resume", out.display());
            Ok(Exit::Interrupted)
        }
    }
}

fn eval<S: ConfiguredModel>(args: EvalArgs, registry: &Registry<S>) -> Result<Exit> {
    let config = config_of(&args.run, &args.overrides)?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let request = EvalRequest {
        run: args.run,
        config,
        split: match args.split {
            SplitName::Valid => Purpose::Valid,
            SplitName::Test => Purpose::Test,
        },
        checkpoint: match args.checkpoint {
            CheckpointName::Best => Which::Best,
            CheckpointName::Last => Which::Last,
        },
        stop: StopFlag::install()?,
    };
    let Some(summary) = engine.eval(options, &request)? else { return Ok(Exit::Interrupted) };
    print(args.json, &summary, || summary.text_of_weights(Some(summary.steps)))?;
    Ok(Exit::Done)
}

fn check<S: ConfiguredModel>(args: &CheckArgs) -> Result<Exit> {
    if args.keys {
        print(false, &(), keys::documentation)?;
        return Ok(Exit::Done);
    }
    for path in &args.configs {
        let config = RunConfig::load(path, &args.overrides)?;
        let task = Task::load(&config, &mut |note| eprintln!("note: {note}"))
            .with_context(|| format!("{}", path.display()))?;
        let model = S::configured(&config, task.demand())?;
        for purpose in [Purpose::Train, Purpose::Valid, Purpose::Test] {
            task.batches(&config, purpose)?;
        }
        let parameters = model.trainable_parameters();
        print(false, &(), || {
            format!("{}: fine; {}; {parameters} parameters", path.display(), task.description())
        })?;
    }
    Ok(Exit::Done)
}

fn bench<S: ConfiguredModel>(args: BenchArgs, registry: &Registry<S>) -> Result<Exit> {
    let mut config = RunConfig::load(&args.config.config, &args.config.overrides)?;
    config.backend = args.backend.unwrap_or(config.backend);
    let mut options = config.backend_options;
    options.device = args.device.unwrap_or(options.device);
    options.scan = args.scan.unwrap_or(options.scan);
    options.threads = args.threads.map(usize::from).or(options.threads);
    options.simd = args.simd.unwrap_or(options.simd);
    config.backend_options = options;
    let engine = registry.get(&config.backend)?;
    let report = engine.bench(options, &BenchRequest { config, steps: args.steps as usize })?;
    print(args.config.json, &report, || report.to_string())?;
    Ok(Exit::Done)
}

fn verify_records<S: ConfiguredModel>(args: VerifyArgs, registry: &Registry<S>) -> Result<Exit> {
    let scan = args.scan;
    let options = BackendOptions { device: args.device, scan, ..BackendOptions::default() };
    let request = VerifyRequest::new(&args.paths, scan)?;
    let reports: Vec<verify::RecordReport> = registry.get(&args.backend)?.verify(options, &request)?;
    print(args.json, &reports, || table(&reports))?;
    Ok(if reports.iter().all(|report| report.ok) { Exit::Done } else { Exit::Failed })
}

fn generate<S: ConfiguredModel>(args: GenerateArgs, registry: &Registry<S>) -> Result<Exit> {
    let config = config_of(&args.run, &[])?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    if !(args.temperature.is_finite() && args.temperature >= 0.0) {
        let reason = format!("{} must be a number of at least 0", args.temperature);
        return Err(elm_core::Error::config("--temperature", reason).into());
    }
    let request = GenerateRequest {
        run: args.run,
        config,
        prompt: args.prompt.clone(),
        length: args.length,
        temperature: args.temperature,
        seed: args.seed,
    };
    let made = engine.generate(options, &request)?;
    print(false, &(), || format!("{}{made}", args.prompt))?;
    Ok(Exit::Done)
}
