//! Spikes of many channels over time: recordings, their binning, the made-up
//! spiking digits and the adding task on top of any of them.

mod adding;
pub mod baseline;
mod digits;
mod recording;

pub use adding::{AddingBatches, AddingDraws};
pub use digits::{DigitsSettings, Split, spiking_digits};
pub use recording::{Binning, Recording, Recordings};
