//! Spikes of many channels over time: recordings, their binning, the published
//! sets, the made-up spiking digits and the adding task on top of any of them.

mod adding;
pub mod baseline;
mod digits;
mod file;
mod hdf5;
mod heidelberg;
mod late;
mod packed;
mod recording;
mod write;

pub use adding::{AddingBatches, AddingDraws};
pub use digits::{DigitsSettings, Split, spiking_digits};
pub use file::SpikeFile;
pub use heidelberg::{CHANNELS, Collection, Spoken, find};
pub use recording::{Binning, Recording, Recordings};
pub use write::write_shd;
