//! What made a run: program, machine, command, settings that no configuration
//! holds. Kept with the run, so that a number can be traced to its origin.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One start of the program on a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of elm.
    pub elm: String,
    /// Commit that the program was built from, where it was built in a
    /// repository.
    pub commit: Option<String>,
    /// Optional parts that were built in.
    pub features: Vec<String>,
    /// When the program was started: date and time with the zone.
    pub date: String,
    /// Name of the machine.
    pub host: String,
    /// The command line.
    pub command: Vec<String>,
    /// The folder that paths of the command line start from.
    pub folder: String,
    /// Name of the backend.
    pub backend: String,
    /// Its library and version.
    pub library: String,
    /// Device used.
    pub device: String,
    /// Threads to compute with; results depend on them in the last bits.
    pub threads: usize,
    /// Instructions of the fused recurrence; the same holds for them.
    pub instructions: String,
    /// Seed of weights, connectome, dropout and order.
    pub seed: u64,
}

impl Provenance {
    /// That of this process, with what the backend says of itself.
    ///
    /// # Errors
    /// When the processor lacks the instructions that are asked for.
    pub fn now(
        description: &elm_core::backend::Description,
        simd: elm_core::kernel::Simd,
        threads: usize,
        seed: u64,
    ) -> Result<Self> {
        let features = [("tch", cfg!(feature = "tch")), ("cuda", cfg!(feature = "cuda"))];
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let folder = std::env::current_dir().map(std::path::PathBuf::into_os_string);
        Ok(Provenance {
            elm: env!("CARGO_PKG_VERSION").into(),
            commit: option_env!("ELM_COMMIT").map(String::from),
            features: features.iter().filter(|(_, built)| *built).map(|(name, _)| (*name).into()).collect(),
            date: jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
            host: lossy(gethostname::gethostname()),
            command: std::env::args_os().map(lossy).collect(),
            folder: folder.map(lossy).unwrap_or_default(),
            backend: description.name.into(),
            library: description.version.clone(),
            device: description.device.clone(),
            threads,
            instructions: simd.resolve().context("backend.simd")?.to_string(),
            seed,
        })
    }
}
