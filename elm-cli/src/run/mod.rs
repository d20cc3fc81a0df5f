//! Run folders: everything a run leaves behind, and how it continues.

pub mod changes;
pub mod checkpoint;
pub mod find;
pub mod folder;
pub mod found;
pub mod history;
pub mod metrics;
pub mod origins;
pub mod profile;
pub mod progress;
pub mod provenance;
pub mod record;
pub mod signals;
pub mod state;
pub mod summary;
pub mod symbols;
pub mod tensorboard;

pub use checkpoint::{Files, Which};
pub use folder::RunFolder;
pub use history::History;
pub use metrics::{MetricsLine, MetricsLog};
pub use progress::Progress;
pub use provenance::Provenance;
pub use record::RunRecord;
pub use state::RunState;
pub use summary::Summary;
pub use symbols::Symbols;
