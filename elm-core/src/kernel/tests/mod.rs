//! The kernels against an oracle, central differences, and themselves.

mod agreement;
pub(super) mod cases;
mod live;
mod oracle;
