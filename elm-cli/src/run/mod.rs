//! Run folders: everything a run leaves behind, and how it continues.

pub mod checkpoint;
pub mod folder;
pub mod metrics;
pub mod progress;
pub mod signals;
pub mod state;
pub mod summary;
pub mod tensorboard;

pub use checkpoint::{Files, Which};
pub use folder::RunFolder;
pub use metrics::{MetricsLine, MetricsLog};
pub use progress::Progress;
pub use state::RunState;
pub use summary::Summary;
