//! What a training says where a card cannot run the kernels.

mod common;

use common::Place;
use elm_backend_candle::CandleBackend;
use elm_cli::AnyModel;
use elm_cli::commands::train::{self, Outcome, TrainRequest};
use elm_cli::config::RunConfig;
use elm_cli::run::signals::StopFlag;
use elm_core::device::BackendOptions;
use elm_core::kernel::cuda::driver::{AnyDriver, Card, Driver, Grid, Launch, Slice, Stream};
use elm_core::{Error, Result};

/// A card whose driver has no cooperative launches, on which nothing runs.
struct Alone(Card);

impl Driver for Alone {
    type Module = ();

    fn card(&self) -> &Card {
        &self.0
    }

    fn compile(&self, _: &str, _: &[(String, i64)]) -> Result<()> {
        Ok(())
    }

    unsafe fn launch(&self, _: Stream, _: &(), kernel: &str, grid: &Grid, _: &[u8]) -> Result<()> {
        match grid.launch {
            Launch::Plain => Ok(()),
            Launch::Cooperative | Launch::Cluster(_) => Err(Error::Unsupported {
                what: "a launch on A10".into(),
                backend: "cuda".into(),
                reason: format!("{kernel}: this card has no cooperative launches"),
            }),
        }
    }

    fn upload(&self, _: Stream, _: Slice, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// The readout layer meets nobody, and is composed because nothing comes out of it.
#[test]
fn a_summary_tells_why_layers_were_composed() {
    let place = Place::new();
    let card = Card {
        name: "A10".into(),
        multiprocessors: 72,
        shared_bytes: 99 << 10,
        capability: (8, 6),
        drawn: false,
    };
    let backend = CandleBackend::with_driver(BackendOptions::default(), AnyDriver::new(Alone(card))).unwrap();
    let request = TrainRequest {
        config: RunConfig::load(&place.path("small.toml"), &["model.num_hidden=200".into()]).unwrap(),
        overrides: Vec::new(),
        out: place.path("run"),
        resume: false,
        from: None,
        allow_change: Vec::new(),
        max_steps: Some(2),
        threads: 1,
        profile: false,
        stop: StopFlag::never(),
    };
    let Outcome::Done(summary) = train::run::<_, AnyModel>(&backend, &request).unwrap() else {
        panic!("interrupted")
    };
    assert_eq!(summary.scan, "composed");
    let of_layer = "a layer of 200 neurons: the kernels do not run: a launch on A10 is not supported by cuda: \
                    elm_forward: this card has no cooperative launches";
    assert_eq!(summary.why_composed[0], of_layer);
    assert!(summary.why_composed[1].starts_with("a layer of 20 neurons: the kernels are wrong on this card"));
    assert!(summary.text().contains(&format!("composed step by step, which is slow: {of_layer}\n")));
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path("run/summary.json")).unwrap()).unwrap();
    assert_eq!(kept["why_composed"][0], of_layer);
}
