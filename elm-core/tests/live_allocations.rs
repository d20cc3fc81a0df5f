//! A live network allocates nothing while it runs.

use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::{Head, LayerOptions, LiveNetwork, ModelKind, Network, NetworkOptions};
use elm_core::reference::Reference;

#[test]
fn a_live_step_allocates_nothing() {
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: 20,
        num_output: 5,
        num_hidden: Some(12),
        num_layers: None,
        embedding: None,
        head: Some(Head::Linear),
        feed_output_back: None,
        layer: LayerOptions::default(),
        first_layer: None,
        last_layer: None,
    };
    let spec = options.resolve().unwrap();
    let weights = Network::from_seed(&Reference, &spec, 1).unwrap().to_stored(&Reference).unwrap();
    let mut network = LiveNetwork::new(&spec, &weights, Simd::Auto, 1).unwrap();
    let dense = [0.5; 20];
    // The counter works at all.
    assert!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1.0f32; 9]))).count_total > 0);
    let allocations = allocation_counter::measure(|| {
        for step in 0..100 {
            network.step(LiveInput::Token(step % 20)).unwrap();
            network.step(LiveInput::Events(&[(step % 20, 1.0), (3, 2.0)])).unwrap();
            network.step(LiveInput::Dense(&dense)).unwrap();
            network.step(LiveInput::Silence).unwrap();
        }
        network.reset();
    });
    assert_eq!(allocations.count_total, 0);
}
