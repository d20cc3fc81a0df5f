//! The recurrence of one layer over a whole sequence: its arguments, its
//! answer, and the composed path that defines what every backend computes.

mod arguments;
mod check;
mod composed;
mod decay;
mod densify;
mod flat;
mod fused;
mod held;
mod segments;

pub use arguments::{
    DropoutMasks, Event, Events, Input, Monitors, NO_TOKEN, ScanArgs, ScanOutput, ScanPath, Want, Wiring,
};
pub use composed::composed;
pub use flat::FlatLayout;
pub use fused::{FusedScan, HostTensors, fused};
pub use held::{HeldArgs, HeldInput};
pub use segments::{SegmentedScan, segment_length};
