//! The recurrence of one layer over a whole sequence: its answer, the composed
//! path that defines what every backend computes, and the choice of a path.
//!
//! Read in this order: [`composed`](composed()) (step by step from
//! primitives), `segments` (the same in bounded memory), `fused` (one kernel
//! call), `card` (the same on a card), [`run`] (which of them). [`walk`] takes recurrences of any other kind
//! over a sequence, in bounded memory too.

mod adjoint;
#[cfg(feature = "cuda")]
mod card;
mod clock;
mod composed;
mod decay;
mod densify;
mod flat;
mod fused;
mod policy;
mod recurrence;
mod segments;

pub use adjoint::ScanAdjoint;
#[cfg(feature = "cuda")]
pub use card::{CardScan, OnCard};
pub use clock::Clock;
pub use composed::composed;
pub use flat::FlatLayout;
pub use policy::run;
pub use recurrence::{Recurrence, WalkArgs, Walked, walk};
pub(crate) use segments::composed_bytes;

use crate::backend::Backend;
use crate::error::Result;
use crate::spec::{Input, LayerRun, Monitors};

/// What goes into a scan: tensors of a backend, the connectome also as the
/// backend's row numbers.
pub type ScanArgs<B> = LayerRun<<B as Backend>::Tensor, <B as Backend>::Index>;

/// The answer of a scan.
pub struct ScanOutput<B: Backend> {
    /// Activity over time, `[T, N * O, B]`.
    pub activity: B::Tensor,
    /// State after the last step, `[rows of the state layout, B]`.
    pub state: B::Tensor,
    /// Mean over time and memory units of `|o|`, `[N, B]`, on request.
    pub magnitude: Option<B::Tensor>,
    /// Every intermediate, on request.
    pub monitors: Option<Monitors>,
    /// Which implementation ran.
    pub path: ScanPath,
    /// Why that is not the fused one, where there was a choice.
    pub reason: Option<String>,
    /// How long the way back takes, read after it has been gone; `None` where
    /// it is not one step of the graph.
    pub backward: Option<Clock>,
}

/// Which implementation ran, the slower one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanPath {
    /// Step by step from the backend's primitives.
    Composed,
    /// One kernel for the whole sequence.
    Fused,
}

impl ScanPath {
    /// That of several scans together: composed where one was, since that one
    /// takes the time. `None` of none.
    pub fn of_all(paths: impl IntoIterator<Item = ScanPath>) -> Option<Self> {
        paths.into_iter().min()
    }
}

impl std::fmt::Display for ScanPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ScanPath::Composed => "composed",
            ScanPath::Fused => "fused",
        })
    }
}

/// Checks the arguments of a scan against the shapes of their tensors.
///
/// # Errors
/// As [`LayerRun::check`].
pub fn check<B: Backend>(backend: &B, args: &ScanArgs<B>) -> Result<()> {
    args.check(|what, x, shape| crate::shape::equal(what, &backend.shape(x), shape))
}

/// The same arguments for whoever differentiates the scan: without history,
/// not copied.
fn without_history<B: Backend>(backend: &B, args: &ScanArgs<B>) -> ScanArgs<B> {
    let input = match &args.input {
        Input::Dense(x) => Input::Dense(backend.alias(x)),
        Input::Tokens(ids) => Input::Tokens(ids.clone()),
        Input::Events(events) => Input::Events(events.clone()),
    };
    args.with(args.index.clone(), backend.alias(&args.parameters), backend.alias(&args.state), input)
}
