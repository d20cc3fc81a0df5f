//! Sets of runs: what a sweep file says, the runs that follow from it, and
//! their training as processes of their own.
//!
//! Read in this order: [`mod@file`] with `axis`, [`recipe`] and [`solve`] (what is
//! said), [`expand`] (combinations of values), `making` and [`plan`] (checked runs),
//! [`point`] (one of them: its name, its command), [`schedule`] (processes here) or [`slurm`] (on a cluster), [`results`],
//! [`table`], [`pivot`] and [`figure`] (what came out). Whoever
//! starts runs in another way needs a [`plan::Plan`], the
//! [`point::Point::arguments`] of its points and their [`crate::run::found::Found`].

mod axis;
mod child;
mod demand;
pub mod expand;
pub mod figure;
pub mod file;
mod making;
pub mod pivot;
pub mod plan;
pub mod point;
pub mod recipe;
pub mod results;
pub mod schedule;
pub(crate) mod shell;
pub mod slurm;
pub mod solve;
pub mod table;
mod tables;
mod view;

pub use file::SweepFile;
pub use plan::Plan;
pub use point::Point;
