//! Backends by name: the only place that knows which ones this program has.
//!
//! A backend is opened from [`BackendOptions`]; whatever the program does with
//! it is written once, generically, in [`crate::commands`], and reached through
//! the object-safe [`Engine`]. A program with a backend of its own adds it to a
//! [`Registry`] in its `main`.

use crate::commands::verify::{self, RecordReport, VerifyRequest};
use anyhow::{Result, anyhow};
use elm_core::Backend;
use serde::{Deserialize, Serialize};

/// Which implementation of the recurrence to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanChoice {
    /// The fused kernel where the backend has one for the device, else composed.
    #[default]
    Auto,
    /// The fused kernel, or an error.
    Fused,
    /// Step by step from primitives.
    Composed,
}

/// What a backend is asked to be; it is that or gives an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendOptions {
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Threads to compute with; `None` takes all cores.
    pub threads: Option<usize>,
    /// Which implementation of the recurrence.
    pub scan: ScanChoice,
    /// Bytes that the history of a fused scan may take; `None` for no limit.
    pub memory_budget: Option<u64>,
}

impl Default for BackendOptions {
    fn default() -> Self {
        BackendOptions { device: "cpu".into(), threads: None, scan: ScanChoice::Auto, memory_budget: None }
    }
}

/// What a backend says of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The name to use as `backend.kind`.
    pub name: String,
    /// Can it be used here?
    pub usable: bool,
    /// Library and version.
    pub version: String,
    /// Devices it sees.
    pub devices: Vec<String>,
    /// What cannot be used, why, and what to do about it.
    pub notes: Vec<String>,
}

/// Everything the program does with a backend.
pub trait Engine {
    /// The name to use as `backend.kind`.
    fn name(&self) -> &str;
    /// What can be used on this machine, and why something cannot.
    fn diagnosis(&self) -> Diagnosis;
    /// Runs reference records.
    ///
    /// # Errors
    /// When the backend cannot be opened or a record cannot be run.
    fn verify(&self, options: &BackendOptions, request: &VerifyRequest) -> Result<Vec<RecordReport>>;
}

/// A backend type with the functions that open and describe it.
struct Plugin<B: Backend> {
    name: String,
    open: Box<dyn Fn(&BackendOptions) -> elm_core::Result<B>>,
    diagnose: Box<dyn Fn() -> Diagnosis>,
}

impl<B: Backend> Engine for Plugin<B> {
    fn name(&self) -> &str {
        &self.name
    }

    fn diagnosis(&self) -> Diagnosis {
        (self.diagnose)()
    }

    fn verify(&self, options: &BackendOptions, request: &VerifyRequest) -> Result<Vec<RecordReport>> {
        verify::run(&(self.open)(options)?, request)
    }
}

/// The backends of this program by name.
pub struct Registry {
    engines: Vec<Box<dyn Engine>>,
}

impl Registry {
    /// No backend at all.
    pub fn empty() -> Self {
        Registry { engines: Vec::new() }
    }

    /// Adds a backend under a name, which becomes a value of `backend.kind`.
    #[must_use]
    pub fn with<B: Backend + 'static>(
        mut self,
        name: &str,
        open: impl Fn(&BackendOptions) -> elm_core::Result<B> + 'static,
        diagnose: impl Fn() -> Diagnosis + 'static,
    ) -> Self {
        let plugin = Plugin { name: name.into(), open: Box::new(open), diagnose: Box::new(diagnose) };
        self.engines.push(Box::new(plugin));
        self
    }

    /// All backends in the order they were added.
    pub fn engines(&self) -> impl Iterator<Item = &dyn Engine> {
        self.engines.iter().map(|engine| &**engine)
    }

    /// The backend of that name.
    ///
    /// # Errors
    /// When there is none, with the remedy.
    pub fn get(&self, name: &str) -> Result<&dyn Engine> {
        self.engines().find(|engine| engine.name() == name).ok_or_else(|| {
            let known: Vec<&str> = self.engines().map(Engine::name).collect();
            let remedy = if name == "tch" {
                "; this program was built without libtorch: rebuild it with `--features tch`"
            } else {
                ""
            };
            anyhow!("there is no backend \"{name}\" in this program, only {}{remedy}", known.join(", "))
        })
    }
}
