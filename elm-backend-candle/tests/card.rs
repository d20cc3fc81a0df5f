//! The recurrence of cards on this backend, emulated: its kernels, and what
//! happens where they are wrong.

use elm_backend_candle::CandleBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::{AnyDriver, Card, Driver, Grid, Slice, Stream};
use elm_core::kernel::cuda::emulated::{Emulated, EmulatedModule};
use elm_core::records::{Answers, Case, Tolerance, answer, built_in, compare};
use elm_core::reference::Reference;
use elm_core::scan::ScanPath;
use elm_core::{Error, Result};
use std::io::Write;
use std::sync::Mutex;

/// A card of few multiprocessors, so that all of them meet; `None`, said
/// aloud, where nothing compiles its kernels.
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

fn assert_right(case: &Case, got: &Answers) {
    let expected = answer(&Reference, case).unwrap();
    for deviation in compare(&expected, got, &case.weights, &Tolerance::F32).unwrap() {
        assert!(deviation.is_ok(), "{}: {deviation:#?}", case.name);
    }
}

/// They run networks of several layers, train them, and hand back intermediates.
#[test]
fn networks_are_computed_and_trained_by_the_kernels() {
    for name in ["text", "deep", "spiking_units"] {
        let Some(card) = card() else { return };
        let got = answer(&backend(ScanChoice::Fused, AnyDriver::new(card)), &case(name)).unwrap();
        assert_eq!(got.path, Some(ScanPath::Fused));
        assert_right(&case(name), &got);
    }
}

/// What is wrong with a driver.
#[derive(Clone, Copy)]
enum Fault {
    DoesNotCompile,
    DoesNotLaunch,
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
    let case = case("neuron");
    // Kernels that are wrong backward only are still used where nothing is differentiated.
    for (fault, told, path) in [
        (Fault::DoesNotCompile, "compiling is not supported by faulty", ScanPath::Composed),
        (Fault::DoesNotLaunch, "launching is not supported by faulty", ScanPath::Composed),
        (Fault::LeavesOut("elm_forward"), "activity differs", ScanPath::Composed),
        (Fault::LeavesOut("elm_backward"), "gradient of the ", ScanPath::Fused),
    ] {
        let Some(driver) = card() else { return };
        let got =
            answer(&backend(ScanChoice::Auto, AnyDriver::new(Faulty { driver, fault })), &case).unwrap();
        assert_eq!(got.path, Some(path), "{told}");
        assert_right(&case, &got);
        let warnings = std::mem::take(&mut *WARNINGS.lock().unwrap());
        let loud =
            |line: &&String| line.starts_with("WARN") && line.contains("step by step") && line.contains(told);
        assert!(warnings.iter().any(|line| loud(&line)), "{told}: {warnings:?}");
    }
    let Some(driver) = card() else { return };
    let faulty = Faulty { driver, fault: Fault::DoesNotCompile };
    let demanded = backend(ScanChoice::Fused, AnyDriver::new(faulty));
    let error = answer(&demanded, &case).unwrap_err().to_string();
    assert!(error.contains("scan = \"fused\"") && error.contains("compiling"), "{error}");
    assert!(WARNINGS.lock().unwrap().is_empty());
}
