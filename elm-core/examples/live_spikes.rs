//! Feeds spikes to a network as they happen and prints what it makes of them.
//!
//! ```sh
//! cargo run --release --example live_spikes -p elm-core
//! ```
//!
//! The network is the published one for spoken digits, with initial weights;
//! a trained one comes from a run folder through `elm_cli::TrainedRun`, or from
//! the `model.safetensors` of a checkpoint through `StoredTensors::from_bytes`. The spikes come from a made-up sound that
//! glides over the channels.

use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::{LiveNetwork, Network, NetworkOptions};
use elm_core::reference::Reference;
use std::time::Instant;

const CHANNELS: usize = 700;
const CLASSES: usize = 19;
const STEPS: usize = 500;

fn main() -> elm_core::Result<()> {
    let options = NetworkOptions::new(CHANNELS, CLASSES).num_hidden(96);
    let spec = options.resolve()?;
    let weights = Network::from_seed(&Reference, &spec, 1)?.to_stored(&Reference)?;
    let mut network = LiveNetwork::new(&spec, &weights, Simd::Auto, 1)?;

    let began = Instant::now();
    for step in 0..STEPS {
        let spikes = heard(step);
        let logits = network.step(LiveInput::Events(&spikes))?;
        if step % 100 == 99 {
            let likeliest = (0..CLASSES).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            println!("after {:>3} steps: class {likeliest:?} of {CLASSES}", step + 1);
        }
    }
    let each = began.elapsed() / STEPS as u32;
    println!("{each:?} per time step");
    Ok(())
}

/// A sound that rises from channel to channel, three spikes at a time.
fn heard(step: usize) -> [(u32, f32); 3] {
    let channel = |voice: usize| ((step + 50 * voice) % CHANNELS) as u32;
    [(channel(0), 1.0), (channel(1), 1.0), (channel(2), 1.0)]
}
