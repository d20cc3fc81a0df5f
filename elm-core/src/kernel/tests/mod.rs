//! The kernels against an oracle, central differences, and themselves.

mod agreement;
mod cases;
mod live;
mod oracle;
