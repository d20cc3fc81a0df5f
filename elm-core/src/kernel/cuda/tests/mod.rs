//! The kernels on an emulated card.

mod agreement;
mod barriers;
mod division;
mod run;
