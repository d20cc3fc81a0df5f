//! A scan by the kernels of a card, for backends whose tensors lie there.
//!
//! A backend implements [`OnCard`] and calls [`CardScan::run`] in its
//! [`Backend::elm_scan`]. What the kernels cannot do, or do wrong on this
//! machine, is composed instead; where `scan = "fused"` is demanded, that is an
//! error.

mod trial;

use super::flat::FlatLayout;
use super::policy::{differentiable, within};
use super::{ScanAdjoint, ScanArgs, ScanOutput, ScanPath, check, composed, without_history};
use crate::backend::{Backend, Value};
use crate::device::{BackendOptions, ScanChoice};
use crate::error::{Error, Result};
use crate::kernel::DEFAULT_MEMORY_BUDGET;
use crate::kernel::cuda::driver::{AnyDriver, Driver, Slice};
use crate::kernel::cuda::{
    CudaHistory, CudaKernel, DeviceCotangents, DeviceGradients, DeviceOutputs, Memory,
};
use crate::shape;
use crate::spec::{Input, InputKind, LayerRun, LayerSpec, Want};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A backend whose tensors can be handed to kernels of this crate.
pub trait OnCard: Backend<Tensor: Send, Index: Send> + Memory<Block: 'static> + 'static {
    /// The numbers of a tensor in memory of the card, row-major, without
    /// history; not copied where they lie so.
    ///
    /// # Errors
    /// When the library fails to lay them out so.
    fn lend(&self, x: &Self::Tensor) -> Result<Self::Block>;

    /// A tensor of this shape that takes over a block.
    ///
    /// # Errors
    /// [`Error::Shape`] when the block does not fill the shape.
    fn take(&self, block: Self::Block, shape: &[usize]) -> Result<Self::Tensor>;
}

/// The fused recurrence of one card, as its backend uses it.
pub struct CardScan<B: OnCard> {
    /// Or why there is none.
    kernel: Result<CudaKernel<AnyDriver, B::Block>, String>,
    choice: ScanChoice,
    memory_budget: Option<u64>,
    /// The kinds of runs that were met, and what stands against each.
    met: Mutex<Vec<(Kind, Result<(), String>)>>,
}

impl<B: OnCard> std::fmt::Debug for CardScan<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let card = self.kernel.as_ref().map(|kernel| &kernel.driver().card().name);
        f.debug_struct("CardScan").field("card", &card).finish()
    }
}

/// What a run's kernels depend on: runs of one kind are tried once.
#[derive(Debug, PartialEq)]
struct Kind {
    layer: LayerSpec,
    rows: usize,
    input: InputKind,
    /// Of inputs, activity and memory.
    masks: [bool; 3],
    want: Want,
}

impl Kind {
    fn of<X, I>(args: &LayerRun<X, I>) -> Self {
        let dropout = &args.dropout;
        Kind {
            layer: args.layer.clone(),
            rows: args.rows,
            input: args.input.kind(),
            masks: [&dropout.input, &dropout.recurrent, &dropout.memory].map(Option::is_some),
            want: args.want,
        }
    }
}

impl<B: OnCard> CardScan<B> {
    /// The recurrence on the driver's card, as these options want it; `None`
    /// where `scan = "composed"` is asked for.
    ///
    /// A driver that cannot be opened is an error only where `scan = "fused"`
    /// is asked for; else it is said, and all is composed.
    ///
    /// # Errors
    /// That of `open`.
    pub fn open(
        options: &BackendOptions,
        open: impl FnOnce() -> Result<AnyDriver>,
    ) -> Result<Option<Arc<Self>>> {
        if options.scan == ScanChoice::Composed {
            return Ok(None);
        }
        let budget = options.memory_budget.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let kernel = match open() {
            Ok(driver) => Ok(CudaKernel::new(driver, budget.unwrap_or(DEFAULT_MEMORY_BUDGET))),
            Err(error) if options.scan == ScanChoice::Fused => return Err(error),
            Err(error) => {
                log::warn!("recurrences are composed step by step, which is slow: {error}");
                Err(error.to_string())
            }
        };
        Ok(Some(Arc::new(CardScan {
            kernel,
            choice: options.scan,
            memory_budget: options.memory_budget,
            met: Mutex::default(),
        })))
    }

    /// Runs a scan by the card's kernels, or composed where they cannot do it.
    ///
    /// # Errors
    /// When an argument does not have the shape that
    /// [`LayerRun`] documents, the backend refuses an operation, or the kernels
    /// cannot do it and `scan = "fused"` is asked for.
    pub fn run(self: &Arc<Self>, backend: &B, args: &ScanArgs<B>) -> Result<ScanOutput<B>> {
        check(backend, args)?;
        if args.want.monitors {
            return self.with_monitors(backend, args);
        }
        match self.trusted(backend, args) {
            Ok(()) => self.fused(backend, args),
            Err(reason) if self.choice == ScanChoice::Fused => Err(Error::Unsupported {
                what: "scan = \"fused\" for this layer".into(),
                backend: backend.description().name.into(),
                reason: format!("{reason}; scan = \"auto\" composes it step by step"),
            }),
            Err(reason) => {
                let output = within(backend, args, self.memory_budget)?;
                Ok(ScanOutput { reason: Some(reason), ..output })
            }
        }
    }

    /// The kernels copy no intermediates to the host: those are taken from a
    /// composed run beside the fused one.
    fn with_monitors(self: &Arc<Self>, backend: &B, args: &ScanArgs<B>) -> Result<ScanOutput<B>> {
        let want = Want { monitors: false, ..args.want };
        let output = self.run(backend, &ScanArgs::<B> { want, ..args.clone() })?;
        let want = Want { monitors: true, ..Want::default() };
        let beside = ScanArgs::<B> { want, ..without_history(backend, args) };
        Ok(ScanOutput { monitors: composed(backend, &beside)?.monitors, ..output })
    }

    /// Are the kernels right for runs of this kind? The first one is tried on
    /// its first steps against the composed path.
    fn trusted(self: &Arc<Self>, backend: &B, args: &ScanArgs<B>) -> Result<(), String> {
        let kernel = self.kernel.as_ref().map_err(String::clone)?;
        let kind = Kind::of(args);
        let mut met = self.met();
        if let Some((_, verdict)) = met.iter().find(|(other, _)| *other == kind) {
            return verdict.clone();
        }
        let verdict = kernel.supports(args).and_then(|()| trial::hold(self, backend, args));
        if let (Err(reason), ScanChoice::Auto) = (&verdict, self.choice) {
            let (neurons, card) = (kind.layer.neurons, &kernel.driver().card().name);
            log::warn!(
                "a layer of {neurons} neurons is composed step by step on {card}, which is slow: {reason}"
            );
        }
        met.push((kind, verdict.clone()));
        verdict
    }

    fn met(&self) -> MutexGuard<'_, Vec<(Kind, Result<(), String>)>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands against the kernels, of all that was composed so far.
    pub fn why_composed(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self.kernel.as_ref().err().into_iter().cloned().collect();
        for (kind, verdict) in self.met().iter() {
            let Err(reason) = verdict else { continue };
            let reason = format!("a layer of {} neurons: {reason}", kind.layer.neurons);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }

    fn kernel(&self) -> Result<&CudaKernel<AnyDriver, B::Block>> {
        self.kernel.as_ref().map_err(|reason| Error::Unsupported {
            what: "a recurrence by kernels".into(),
            backend: "cuda".into(),
            reason: reason.clone(),
        })
    }

    /// The fused recurrence as one node of the graph.
    fn fused(self: &Arc<Self>, backend: &B, args: &ScanArgs<B>) -> Result<ScanOutput<B>> {
        let layout = FlatLayout::new(args);
        let flat = backend.alloc(layout.len())?;
        let lent = Lent::new(backend, args)?;
        let to = backend.slice(&flat);
        let outputs = DeviceOutputs {
            activity: part(to, &layout.activity),
            state: part(to, &layout.state),
            magnitude: args.want.magnitude.then(|| part(to, &layout.magnitude)),
        };
        // SAFETY: the backend's tensors are memory of its card, used in the
        // order of its stream; what is written is memory of this call's own.
        let history = unsafe { self.kernel()?.forward(backend, &lent.run(backend, args), outputs) }?;
        let flat = backend.take(flat, &[layout.len()])?;
        let (flat, backward) = match history {
            None => (flat, None),
            Some(history) => {
                let (own, kept) = (self.clone(), without_history(backend, args));
                let back = move |backend: &B, gradient: &B::Tensor, count: usize| {
                    own.adjoint(backend, &kept, &history, gradient, count)
                };
                let adjoint = ScanAdjoint::own(back);
                let clock = adjoint.clock();
                (backend.node(Value::Tensor(flat), &differentiable(args), adjoint)?, Some(clock))
            }
        };
        Ok(ScanOutput { backward, ..layout.output(backend, &flat, ScanPath::Fused)? })
    }

    /// From the gradient of the flat value to the gradients of parameters,
    /// start state and, where `count` is 3, dense input.
    fn adjoint(
        &self,
        backend: &B,
        args: &ScanArgs<B>,
        history: &CudaHistory<B::Block>,
        gradient: &B::Tensor,
        count: usize,
    ) -> Result<Vec<B::Tensor>> {
        let layout = FlatLayout::new(args);
        shape::equal("gradient of a scan", &backend.shape(gradient), &[layout.len()])?;
        let gradient = backend.lend(gradient)?;
        let from = backend.slice(&gradient);
        let cotangents = DeviceCotangents {
            activity: Some(part(from, &layout.activity)),
            state: Some(part(from, &layout.state)),
            magnitude: args.want.magnitude.then(|| part(from, &layout.magnitude)),
        };
        // The kernels always have gradients of parameters and state.
        let shapes = differentiable(args).into_iter().take(count.max(2)).map(|x| backend.shape(x));
        let shapes: Vec<Vec<usize>> = shapes.collect();
        let blocks = shapes.iter().map(|shape| backend.alloc(shape.iter().product()));
        let blocks = blocks.collect::<Result<Vec<_>>>()?;
        let of = |input: usize| blocks.get(input).map(|block| backend.slice(block));
        let (Some(parameters), Some(state)) = (of(0), of(1)) else { return Ok(Vec::new()) };
        let gradients = DeviceGradients { parameters, state, input: of(2) };
        let lent = Lent::new(backend, args)?;
        // SAFETY: as in `fused`; the history is of this card.
        unsafe {
            let run = lent.run(backend, args);
            self.kernel()?.backward(backend, &run, history, cotangents, gradients)
        }?;
        blocks.into_iter().zip(&shapes).map(|(block, shape)| backend.take(block, shape)).collect()
    }
}

/// Some of the numbers of a slice.
fn part(of: Slice, range: &Range<usize>) -> Slice {
    Slice { address: of.address + (range.start * size_of::<f32>()) as u64, len: range.len() }
}

/// The tensors of a run in memory of the card.
struct Lent<B: OnCard> {
    parameters: B::Block,
    state: B::Block,
    dense: Option<B::Block>,
}

impl<B: OnCard> Lent<B> {
    fn new(backend: &B, args: &ScanArgs<B>) -> Result<Self> {
        Ok(Lent {
            parameters: backend.lend(&args.parameters)?,
            state: backend.lend(&args.state)?,
            dense: args.input.dense().map(|x| backend.lend(x)).transpose()?,
        })
    }

    /// The run as the kernels take it.
    fn run(&self, backend: &B, args: &ScanArgs<B>) -> LayerRun<Slice> {
        let input = match (&self.dense, &args.input) {
            (Some(dense), _) => Input::Dense(backend.slice(dense)),
            (None, Input::Tokens(ids)) => Input::Tokens(ids.clone()),
            (None, Input::Events(events)) => Input::Events(events.clone()),
            (None, Input::Dense(_)) => Input::Dense(Slice { address: 0, len: 0 }),
        };
        args.with((), backend.slice(&self.parameters), backend.slice(&self.state), input)
    }
}
