//! Backends by name: the only place that knows which ones this program has.
//!
//! A backend is opened from [`BackendOptions`]; whatever the program does with
//! it is written once, generically, in [`crate::commands`], and reached through
//! the object-safe [`Engine`]. A program with a backend of its own adds it to a
//! [`Registry`] in its `main` and calls [`crate::main_with`].

use crate::commands::bench::{self, BenchReport, BenchRequest};
use crate::commands::eval::{self, EvalRequest};
use crate::commands::evaluation::EvalReport;
use crate::commands::generate::{self, GenerateRequest};
use crate::commands::inspect::{self, InspectReport, InspectRequest};
use crate::commands::train::{self, Outcome, TrainRequest};
use crate::commands::verify::{self, RecordReport, VerifyRequest};
use crate::config::RunConfig;
use crate::model::{AnyModel, ConfiguredModel};
use anyhow::{Result, anyhow};
use elm_core::Backend;
use elm_core::device::{BackendOptions, BackendReport, DeviceReport};

/// Everything the program does with a backend and models of kind `S`.
pub trait Engine<S: ConfiguredModel> {
    /// The name to use as `backend.kind`.
    fn name(&self) -> &str;
    /// What can be used on this machine, and why something cannot.
    fn report(&self) -> BackendReport;
    /// Trains, see [`train::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn train(&self, options: BackendOptions, request: &TrainRequest) -> Result<Outcome>;
    /// Evaluates, see [`eval::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn eval(&self, options: BackendOptions, request: &EvalRequest) -> Result<Option<EvalReport>>;
    /// Runs reference records, see [`verify::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn verify(&self, options: BackendOptions, request: &VerifyRequest) -> Result<Vec<RecordReport>>;
    /// Measures speed, see [`bench::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn bench(&self, options: BackendOptions, request: &BenchRequest) -> Result<BenchReport>;
    /// Generates text, see [`generate::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn generate(&self, options: BackendOptions, request: &GenerateRequest) -> Result<String>;
    /// Looks into a network, see [`inspect::run`].
    ///
    /// # Errors
    /// As there, or when the backend cannot be opened.
    fn inspect(&self, options: BackendOptions, request: &InspectRequest) -> Result<Option<InspectReport>>;
}

/// A backend type with the functions that open and describe it.
struct Plugin<B: Backend> {
    name: String,
    open: Box<dyn Fn(BackendOptions) -> elm_core::Result<B>>,
    report: Box<dyn Fn() -> BackendReport>,
}

impl<B: Backend> Plugin<B> {
    /// The backend with the options of a configuration.
    fn opened(&self, options: BackendOptions, config: &RunConfig) -> Result<B> {
        (self.open)(options).map_err(|error| config.placed(error))
    }
}

impl<B: Backend + 'static, S: ConfiguredModel> Engine<S> for Plugin<B> {
    fn name(&self) -> &str {
        &self.name
    }

    fn report(&self) -> BackendReport {
        (self.report)()
    }

    fn train(&self, options: BackendOptions, request: &TrainRequest) -> Result<Outcome> {
        train::run::<B, S>(&self.opened(options, &request.config)?, request)
    }

    fn eval(&self, options: BackendOptions, request: &EvalRequest) -> Result<Option<EvalReport>> {
        eval::run::<B, S>(&self.opened(options, &request.config)?, request)
    }

    fn verify(&self, options: BackendOptions, request: &VerifyRequest) -> Result<Vec<RecordReport>> {
        verify::run(&(self.open)(options)?, request)
    }

    fn bench(&self, options: BackendOptions, request: &BenchRequest) -> Result<BenchReport> {
        let backend = self.opened(options, &request.config)?;
        bench::run::<B, S>(&backend, options.threads.unwrap_or((self.report)().threads), request)
    }

    fn generate(&self, options: BackendOptions, request: &GenerateRequest) -> Result<String> {
        generate::run::<B, S>(&(self.open)(options)?, request)
    }

    fn inspect(&self, options: BackendOptions, request: &InspectRequest) -> Result<Option<InspectReport>> {
        inspect::run(&self.opened(options, &request.config)?, request)
    }
}

/// The backends of a program by name, for models of kind `S`.
pub struct Registry<S: ConfiguredModel = AnyModel> {
    engines: Vec<Box<dyn Engine<S>>>,
}

impl<S: ConfiguredModel> Default for Registry<S> {
    fn default() -> Self {
        Registry { engines: Vec::new() }
    }
}

impl Registry {
    /// The backends of this project that were built in, for every
    /// `model.kind`.
    pub fn standard() -> Self {
        Self::standard_for()
    }

    /// The same for models of another kind.
    pub fn standard_for<S: ConfiguredModel>() -> Registry<S> {
        let registry = Registry::<S>::default().with(
            "candle",
            elm_backend_candle::CandleBackend::new,
            elm_backend_candle::diagnose,
        );
        #[cfg(feature = "tch")]
        let registry = registry.with("tch", elm_backend_tch::TchBackend::new, elm_backend_tch::diagnose);
        registry
    }
}

impl<S: ConfiguredModel> Registry<S> {
    /// Adds a backend under a name, which becomes a value of `backend.kind`.
    #[must_use]
    pub fn with<B: Backend + 'static>(
        mut self,
        name: &str,
        open: impl Fn(BackendOptions) -> elm_core::Result<B> + 'static,
        report: impl Fn() -> BackendReport + 'static,
    ) -> Self {
        let plugin = Plugin { name: name.into(), open: Box::new(open), report: Box::new(report) };
        self.engines.push(Box::new(plugin));
        self
    }

    /// What every backend says of this machine, also those not built in.
    pub fn reports(&self) -> Vec<BackendReport> {
        let mut reports: Vec<_> = self.engines.iter().map(|engine| engine.report()).collect();
        if !cfg!(feature = "tch") {
            let device = DeviceReport {
                device: "cpu".into(),
                usable: false,
                detail: "this program was built without libtorch".into(),
                remedy: Some("build with --features tch".into()),
            };
            let devices = vec![device];
            reports.push(BackendReport { name: "tch", version: "not built in".into(), threads: 0, devices });
        }
        reports
    }

    /// The backend of that name.
    ///
    /// # Errors
    /// When there is none, with the remedy.
    pub fn get(&self, name: &str) -> Result<&dyn Engine<S>> {
        self.engines.iter().find(|engine| engine.name() == name).map(|engine| &**engine).ok_or_else(|| {
            let known: Vec<&str> = self.engines.iter().map(|engine| engine.name()).collect();
            let remedy = if name == "tch" {
                "; this program was built without libtorch: build it with `--features tch`"
            } else {
                ""
            };
            anyhow!(elm_core::Error::config(
                "backend.kind",
                format!("there is no backend \"{name}\" in this program, only {}{remedy}", known.join(", "))
            ))
        })
    }
}
