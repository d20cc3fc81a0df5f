//! What a user asks of a backend, and what a backend says of the machine.

use crate::error::{Error, Result};
use crate::kernel::{DEFAULT_MEMORY_BUDGET, Kernel, Pool, Simd};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where tensors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The NVIDIA card of this number.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let ordinal = match text {
            "cpu" => return Ok(Device::Cpu),
            "cuda" => Some(0),
            _ => text.strip_prefix("cuda:").and_then(|number| number.parse().ok()),
        };
        ordinal.map(Device::Cuda).ok_or_else(|| {
            Error::config(
                "backend.device",
                format!("there is no device {text:?}; wanted \"cpu\" or \"cuda:0\""),
            )
        })
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

impl TryFrom<String> for Device {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// Which implementation of the recurrence to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanChoice {
    /// The fused one where there is one, else the composed one.
    #[default]
    Auto,
    /// The fused one; where there is none, an error.
    Fused,
    /// Step by step from primitives.
    Composed,
}

/// The environment variable that says with how many threads this process may
/// compute, instead of the number of its cores: for tests, and where the system
/// tells too small a number.
pub const THREADS_VARIABLE: &str = "ELM_MAX_THREADS";

/// So many times the cores, [`THREADS_VARIABLE`] allows at most: thousands of
/// threads that wait for each other bring a machine down.
const MOST_THREADS_PER_CORE: usize = 16;

/// The cores that this process may run on (its affinity and the quota of its
/// control group count where the system has them).
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The most threads that this process may compute with: its cores, or what
/// [`THREADS_VARIABLE`] says.
///
/// Threads of a recurrence meet at every time step, so with more threads than
/// cores each step waits for threads that are not running.
///
/// # Errors
/// [`Error::Config`] when the variable is set and not a number from 1 to 16
/// times the cores.
pub fn most_threads() -> Result<usize> {
    let Ok(text) = std::env::var(THREADS_VARIABLE) else { return Ok(cores()) };
    let most = MOST_THREADS_PER_CORE * cores();
    let number: Option<usize> = text.trim().parse().ok();
    number.filter(|threads| (1..=most).contains(threads)).ok_or_else(|| {
        Error::config(
            THREADS_VARIABLE,
            format!("{text:?} is not a number from 1 to {most} ({MOST_THREADS_PER_CORE} threads a core)"),
        )
    })
}

/// Options that the backends of this project understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackendOptions {
    /// Where to compute; a device that is not there is an error.
    pub device: Device,
    /// Compute threads of the whole process; `None`: the library's choice, at
    /// most [`most_threads`].
    pub threads: Option<usize>,
    /// Which implementation of the recurrence to use.
    pub scan: ScanChoice,
    /// Bytes that the history of one recurrence may take before parts of it
    /// are computed twice instead of kept. `None`: [`DEFAULT_MEMORY_BUDGET`]
    /// for the fused recurrence and those of baselines, no bound for the
    /// composed one.
    pub memory_budget: Option<u64>,
    /// Instructions of the fused recurrence.
    pub simd: Simd,
}

impl BackendOptions {
    /// The threads asked for, if they are; `setting` is what asked for them
    /// where it was not these options.
    ///
    /// # Errors
    /// [`Error::Config`] when they are more than [`most_threads`].
    pub fn allowed_threads(&self, setting: Option<(&str, usize)>) -> Result<Option<usize>> {
        let own = self.threads.map(|threads| ("backend.threads", threads));
        let Some((key, threads)) = own.or(setting) else { return Ok(None) };
        let most = most_threads()?;
        if threads <= most {
            return Ok(Some(threads));
        }
        Err(Error::config(
            key,
            format!(
                "{threads} threads are asked for, this process may use {most} (cores; affinity and quotas \
                 count); take at most {most} (for tests, {THREADS_VARIABLE} allows more)"
            ),
        ))
    }

    /// The fused recurrence as these options want it, on so many threads of
    /// the processor; `None` where there is none or it is not wanted.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when `scan = "fused"` is asked for on a device
    /// without one, or the processor lacks the instructions asked for.
    pub fn kernel(&self, backend: &str, threads: usize) -> Result<Option<Arc<Kernel>>> {
        // Also where no kernel will use them: a wish that cannot be met is an error.
        self.simd.resolve()?;
        match (self.scan, self.device) {
            (ScanChoice::Composed, _) | (ScanChoice::Auto, Device::Cuda(_)) => return Ok(None),
            (ScanChoice::Fused, Device::Cuda(_)) => {
                return Err(Error::Unsupported {
                    what: "scan = \"fused\" on CUDA".into(),
                    backend: backend.into(),
                    reason:
                        "this backend has it on the processor only; use scan = \"auto\" or device = \"cpu\""
                            .into(),
                });
            }
            (ScanChoice::Auto | ScanChoice::Fused, Device::Cpu) => {}
        }
        let budget = self.memory_budget.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let pool = Arc::new(Pool::new(threads)?);
        let kernel = Kernel::new(pool, self.simd, budget.unwrap_or(DEFAULT_MEMORY_BUDGET))?;
        Ok(Some(Arc::new(kernel)))
    }
}

/// What a backend sees on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendReport {
    /// Name as in `backend.kind`.
    pub name: &'static str,
    /// Library and version.
    pub version: String,
    /// Compute threads it would use.
    pub threads: usize,
    /// Every device it knows of, usable or not.
    pub devices: Vec<DeviceReport>,
}

/// One device as a backend sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceReport {
    /// Name as in `backend.device`; `cuda` where no card can be told apart.
    pub device: String,
    /// Can it be used?
    pub usable: bool,
    /// What it is, or why it cannot be used.
    pub detail: String,
    /// What to do so that it can be used.
    pub remedy: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_that_are_not_there_are_refused_with_every_scan() {
        let missing = [Simd::Avx512, Simd::Avx2].into_iter().find(|simd| simd.resolve().is_err());
        let Some(simd) = missing else { return eprintln!("skipped: this processor has all instructions") };
        for scan in [ScanChoice::Auto, ScanChoice::Fused, ScanChoice::Composed] {
            let options = BackendOptions { scan, simd, ..BackendOptions::default() };
            assert!(options.kernel("a backend", 1).is_err(), "{scan:?}");
        }
    }

    #[test]
    fn more_threads_than_this_process_may_use_are_refused_with_both_numbers() {
        let most = most_threads().unwrap();
        let of = |threads| BackendOptions { threads, ..BackendOptions::default() };
        assert_eq!(of(None).allowed_threads(None).unwrap(), None);
        assert_eq!(of(Some(most)).allowed_threads(None).unwrap(), Some(most));
        assert_eq!(of(None).allowed_threads(Some(("A_VARIABLE", 1))).unwrap(), Some(1));
        for (options, setting) in [(of(Some(100_000)), None), (of(None), Some(("A_VARIABLE", 100_000)))] {
            let said = options.allowed_threads(setting).unwrap_err().to_string();
            for part in ["100000 threads", &format!("may use {most} "), THREADS_VARIABLE] {
                assert!(said.contains(part), "{said}");
            }
            assert!(said.starts_with(if setting.is_some() { "A_VARIABLE" } else { "backend.threads" }));
        }
    }

    #[test]
    fn devices_are_read_as_they_are_written() {
        for device in [Device::Cpu, Device::Cuda(0), Device::Cuda(3)] {
            assert_eq!(device.to_string().parse::<Device>().ok(), Some(device));
        }
        assert_eq!("cuda".parse::<Device>().ok(), Some(Device::Cuda(0)));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "CPU"] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }
}
