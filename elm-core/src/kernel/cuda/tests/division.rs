//! How work is divided, on cards that exist.

use crate::kernel::cuda::driver::Card;
use crate::kernel::cuda::plan::Plan;
use crate::kernel::cuda::sizes::Sizes;
use crate::model::{NetworkOptions, NeuronOptions, WiringOptions};
use crate::spec::LayerSpec;

fn card(multiprocessors: usize, shared_kib: usize) -> Card {
    Card {
        name: "a card".into(),
        multiprocessors,
        shared_bytes: shared_kib << 10,
        capability: (9, 0),
        drawn: false,
    }
}

fn hopper() -> Card {
    card(132, 227)
}

/// The hidden layer of the published text network, with so many neurons.
fn text(neurons: usize) -> LayerSpec {
    let neuron = NeuronOptions::default().num_memory(15).num_branch(50).num_synapse_per_branch(15);
    let options = NetworkOptions::new(204, 204)
        .num_hidden(neurons)
        .wiring(WiringOptions::default().recurrent_connect(0.8))
        .neuron(neuron);
    options.resolve().unwrap().layers[0].clone()
}

/// The hidden layer of the published spike network.
fn spikes() -> LayerSpec {
    let neuron = NeuronOptions::default().num_memory(5).num_branch(30).num_synapse_per_branch(10);
    let options = NetworkOptions::new(700, 19)
        .num_hidden(96)
        .wiring(WiringOptions::default().recurrent_connect(0.25))
        .neuron(neuron);
    options.resolve().unwrap().layers[0].clone()
}

fn plan(layer: &LayerSpec, rows: usize, card: &Card) -> Plan {
    Plan::new(&Sizes::new(layer, rows), card).unwrap()
}

#[test]
fn the_text_layer_fills_a_large_card_with_weights_that_stay() {
    let plan = plan(&text(1024), 8, &hopper());
    assert_eq!((plan.groups, plan.neurons(), plan.width * plan.sub), (1, 8, 8), "{plan:?}");
    assert!(plan.resident && plan.tabled && plan.forward_shared() <= 227 << 10, "{plan:?}");
}

#[test]
fn sequences_of_the_spike_layer_meet_no_others() {
    let on_hopper = plan(&spikes(), 8, &hopper());
    assert!(on_hopper.groups == 8 && on_hopper.resident && on_hopper.cluster, "{on_hopper:?}");
    let on_ampere = plan(&spikes(), 8, &Card { capability: (8, 0), ..card(108, 163) });
    assert!(on_ampere.groups == 8 && on_ampere.resident && !on_ampere.cluster, "{on_ampere:?}");
}

#[test]
fn weights_are_streamed_where_a_card_is_too_small_for_them() {
    for (neurons, card) in [(16_384, hopper()), (1024, card(108, 99)), (1024, card(20, 163))] {
        let plan = plan(&text(neurons), 8, &card);
        assert!(!plan.resident && plan.fits(&card), "{neurons}: {plan:?}");
    }
    let plan = plan(&text(16_384), 8, &hopper());
    assert!(!plan.tabled, "{plan:?}");
}

#[test]
fn every_division_has_a_place_for_every_neuron_and_sequence() {
    for rows in [1, 3, 8, 13, 64, 1000] {
        for layer in [text(7), text(1024), spikes()] {
            let plan = plan(&layer, rows, &hopper());
            assert!(plan.blocks * plan.groups <= 132 && plan.row() >= rows, "{plan:?}");
            assert!(plan.neurons() * plan.blocks >= layer.neurons, "{plan:?}");
        }
    }
}

#[test]
fn a_card_without_room_is_refused_in_words() {
    let reason = Plan::new(&Sizes::new(&spikes(), 8), &card(132, 1)).unwrap_err();
    assert!(reason.contains("does not fit the 1024 bytes of shared memory"), "{reason}");
}

#[test]
fn divisions_can_be_chosen_for_measurements() {
    let Some(kernel) = super::run::kernel(6, 227 << 10, 0) else { return };
    let case = super::run::plain().case();
    let numbers = crate::kernel::tests::cases::Numbers::<f32>::of(&case);
    let run = numbers.arguments(&case, true);
    let all = kernel.divisions(&run);
    assert!(all.len() > 10 && all[0].contains("groups of"), "{all:?}");
    let wanted = super::run::results(&case, &kernel).unwrap().activity;
    assert!(kernel.choose_division(&run, all.len() - 1) && !kernel.choose_division(&run, all.len()));
    let got = super::run::results(&case, &kernel).unwrap().activity;
    assert!(got.iter().zip(&wanted).all(|(got, wanted)| (got - wanted).abs() < 1e-5));
}
