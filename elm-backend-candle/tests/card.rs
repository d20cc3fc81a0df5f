//! The recurrence of cards on this backend, emulated: what happens where its
//! kernels are wrong or do not run.

use elm_backend_candle::CandleBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::{AnyDriver, Card, Driver, Grid, Launch, Slice, Stream};
use elm_core::kernel::cuda::emulated::{Emulated, EmulatedModule};
use elm_core::model::{Network, NetworkOptions};
use elm_core::records::{Answers, Case, Tolerance, answer, built_in, compare, drawn};
use elm_core::reference::Reference;
use elm_core::scan::ScanPath;
use elm_core::{Backend, Error, Result};
use std::io::Write;
use std::sync::Mutex;

/// A card of few multiprocessors; `None`, said aloud, where nothing compiles its
/// kernels.
fn card() -> Option<Emulated> {
    let card = Emulated::new(4, 227 << 10).unwrap();
    if card.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no C++ compiler; kernels of cards are not emulated");
    }
    card
}

fn backend(scan: ScanChoice, driver: AnyDriver) -> CandleBackend {
    CandleBackend::with_driver(BackendOptions { scan, ..BackendOptions::default() }, driver).unwrap()
}

fn case(name: &str) -> Case {
    built_in().unwrap().into_iter().find(|case| case.name == name).unwrap()
}

/// A network of so many neurons that blocks share them, without training.
fn large() -> Case {
    let network = NetworkOptions::new(10, 6).num_hidden(200).resolve().unwrap();
    let weights = Network::from_seed(&Reference, &network, 1).unwrap().to_stored(&Reference).unwrap();
    drawn("large", &network, &weights, 1)
}

fn assert_right(case: &Case, got: &Answers) {
    let expected = answer(&Reference, case).unwrap();
    for deviation in compare(&expected, got, &case.weights, &Tolerance::F32).unwrap() {
        assert!(deviation.is_ok(), "{}: {deviation:#?}", case.name);
    }
}

/// What is wrong with a driver.
#[derive(Clone, Copy)]
enum Fault {
    DoesNotCompile,
    DoesNotLaunch,
    /// Blocks that have to meet: what a card says without cooperative launches,
    /// or with too little room for all of them at once.
    RunsNoBlocksAtOnce,
    /// The kernel of this name is not run.
    LeavesOut(&'static str),
}

struct Faulty {
    driver: Emulated,
    fault: Fault,
}

fn refused(what: &str) -> Error {
    Error::Unsupported { what: what.into(), backend: "faulty".into(), reason: "it is broken".into() }
}

impl Driver for Faulty {
    type Module = EmulatedModule;

    fn card(&self) -> &Card {
        self.driver.card()
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<EmulatedModule> {
        match self.fault {
            Fault::DoesNotCompile => Err(refused("compiling")),
            _ => self.driver.compile(source, defines),
        }
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &EmulatedModule,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        match self.fault {
            Fault::DoesNotLaunch => Err(refused("launching")),
            Fault::RunsNoBlocksAtOnce if !matches!(grid.launch, Launch::Plain) => {
                Err(refused("running blocks at once"))
            }
            Fault::LeavesOut(name) if name == kernel => Ok(()),
            // SAFETY: by the caller's word.
            _ => unsafe { self.driver.launch(at, module, kernel, grid, arguments) },
        }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        self.driver.upload(at, to, from)
    }
}

static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collector;

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        WARNINGS.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

/// At the first run, before any of its numbers is used.
#[test]
fn kernels_that_are_wrong_are_noticed_said_and_not_used() {
    log::set_logger(&Collector).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    // Kernels that are wrong backward only are still used where nothing is
    // differentiated, and a layer that reads itself is composed below one that is not.
    let neuron = || case("neuron");
    for (fault, case, told, path) in [
        (Fault::DoesNotCompile, neuron(), "compiling is not supported by faulty", ScanPath::Composed),
        (Fault::DoesNotLaunch, neuron(), "launching is not supported by faulty", ScanPath::Composed),
        (Fault::RunsNoBlocksAtOnce, large(), "running blocks at once is not supported", ScanPath::Composed),
        (Fault::LeavesOut("elm_forward"), neuron(), "activity differs", ScanPath::Composed),
        (Fault::LeavesOut("elm_backward"), neuron(), "gradient of the ", ScanPath::Fused),
    ] {
        let Some(driver) = card() else { return };
        let backend = backend(ScanChoice::Auto, AnyDriver::new(Faulty { driver, fault }));
        let got = answer(&backend, &case).unwrap();
        assert_eq!(got.path, Some(path), "{told}");
        assert_right(&case, &got);
        let (reasons, neurons) = (backend.why_composed(), case.network.layers[0].neurons);
        let about_the_layer =
            reasons.iter().all(|why| why.starts_with(&format!("a layer of {neurons} neurons: ")));
        assert!(about_the_layer && reasons.iter().any(|why| why.contains(told)), "{told}: {reasons:?}");
        let warnings = std::mem::take(&mut *WARNINGS.lock().unwrap());
        let loud =
            |line: &&String| line.starts_with("WARN") && line.contains("step by step") && line.contains(told);
        assert!(warnings.iter().any(|line| loud(&line)), "{told}: {warnings:?}");
    }
    let Some(driver) = card() else { return };
    let faulty = Faulty { driver, fault: Fault::DoesNotCompile };
    let demanded = backend(ScanChoice::Fused, AnyDriver::new(faulty));
    let error = answer(&demanded, &neuron()).unwrap_err().to_string();
    assert!(error.contains("scan = \"fused\"") && error.contains("compiling"), "{error}");
    assert!(WARNINGS.lock().unwrap().is_empty());
}
