//! Nvidia's compiler itself, which needs no card.

use super::super::Card;
use super::super::nvrtc::Nvrtc;
use super::fake::skipped;
use crate::error::Error;
use crate::kernel::cuda::LayerPlan;
use crate::model::{NetworkOptions, NeuronOptions};

/// The compiler; `None`, said aloud, where there is none.
fn nvrtc() -> Option<Nvrtc> {
    match Nvrtc::open() {
        Ok(nvrtc) => Some(nvrtc),
        Err(Error::Unsupported { reason, .. }) => {
            skipped(&format!("no kernel is compiled for a card, .ci/nvrtc gets the compiler: {reason}"));
            None
        }
        Err(other) => panic!("{other}"),
    }
}

/// The last gathers so many numbers in registers that some do not fit.
const SOURCE: &str = "
extern \"C\" __global__ void few(float *x) { x[threadIdx.x] *= FACTOR; }
extern \"C\" __global__ void __launch_bounds__(1024) many(float *x) {
  float kept[128];
#pragma unroll
  for (int i = 0; i < 128; i++) kept[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 128; i++) x[(i * 7 % 128) * 1024 + threadIdx.x] = kept[i] * kept[127 - i];
}";

#[test]
fn sources_compile_for_every_kind_of_card_and_spills_are_seen() {
    let Some(nvrtc) = nvrtc() else { return };
    for capability in [(8, 0), (8, 6), (9, 0), (10, 0)] {
        let compiled = nvrtc.compile(SOURCE, &[("FACTOR".into(), 3)], capability).unwrap();
        assert!(compiled.image.starts_with(b"\x7fELF"), "{capability:?}");
        let usage = compiled.usage();
        let of = |kernel: &str| usage.iter().find(|usage| usage.kernel == kernel).unwrap();
        assert!((4..=32).contains(&of("few").registers), "{usage:?}");
        assert_eq!(of("few").spilled_bytes, 0);
        assert!(of("many").spilled_bytes > 0, "{usage:?}");
    }
}

#[test]
fn an_error_of_the_compiler_tells_its_line() {
    let Some(nvrtc) = nvrtc() else { return };
    let error = nvrtc.compile("\nint x = FACTOR;", &[], (9, 0)).err().unwrap().to_string();
    assert!(error.contains("elm.cu(2)") && error.contains("FACTOR"), "{error}");
}

#[test]
fn a_card_that_the_compiler_does_not_know_is_refused() {
    let Some(nvrtc) = nvrtc() else { return };
    let error = nvrtc.compile("", &[], (99, 0)).err().unwrap().to_string();
    assert!(error.contains("compute capability 99.0") && error.contains("90"), "{error}");
}

/// Cards of three kinds, as far as a division of work depends on them.
fn cards() -> [Card; 3] {
    let of = |name: &str, multiprocessors, shared_kb: usize, capability| Card {
        name: name.into(),
        multiprocessors,
        shared_bytes: shared_kb << 10,
        capability,
        drawn: false,
    };
    [of("A100", 108, 163, (8, 0)), of("H100", 132, 227, (9, 0)), of("B200", 148, 227, (10, 0))]
}

/// A spill is a round to memory in every step of every neuron.
#[test]
fn the_kernels_of_published_networks_fit_cards_and_spill_nothing() {
    let Some(nvrtc) = nvrtc() else { return };
    let neuron = NeuronOptions::default().num_memory(15).num_branch(50).num_synapse_per_branch(15);
    let text = NetworkOptions::new(204, 204).num_hidden(1024).neuron(neuron);
    let neuron = NeuronOptions::default().num_memory(5).num_branch(30).num_synapse_per_branch(10);
    let spikes = NetworkOptions::new(700, 19).num_hidden(96).neuron(neuron);
    for (name, network, cards) in [("text", text, &cards()[..]), ("spikes", spikes, &cards()[1..2])] {
        let layer = &network.resolve().unwrap().layers[0];
        for card in cards {
            let kernels =
                LayerPlan::new(card, layer, 8, 1).unwrap().compile(&nvrtc, card.capability).unwrap();
            println!("{name} on {}: {kernels}", card.name);
            assert!(kernels.shared_bytes <= card.shared_bytes, "{name} on {}: {kernels}", card.name);
            assert_eq!(kernels.spilled_bytes(), 0, "{name} on {}: {:#?}", card.name, kernels.usage);
        }
    }
}
