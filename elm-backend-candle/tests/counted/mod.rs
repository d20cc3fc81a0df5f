//! A backend that counts what would go to and from a card.

use elm_backend_candle::CandleBackend;
use elm_core::Result;
use elm_core::backend::{Backend, Binary, Description, Unary};
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::{AnyDriver, Card, Driver, Grid, Slice, Stream};
use elm_core::kernel::cuda::emulated::{Emulated, EmulatedModule};
use elm_core::scan::{ScanArgs, ScanOutput};
use std::sync::{Arc, Mutex};

/// Numbers of every reading and of every upload, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// By tensors.
    pub(crate) read: Vec<usize>,
    /// As tensors and row numbers.
    pub(crate) uploaded: Vec<usize>,
    /// By the recurrence.
    pub(crate) by_kernels: Vec<usize>,
}

type Log = Arc<Mutex<Traffic>>;

/// candle with an emulated card, its tensors out of the host's reach as those
/// of a card are. What the recurrence copies by itself goes through the driver.
pub(crate) struct Counted {
    inner: CandleBackend,
    log: Log,
}

impl Counted {
    /// With this card.
    pub(crate) fn new(card: Emulated) -> Self {
        let log = Log::default();
        let driver = AnyDriver::new(Watched { driver: card, log: log.clone() });
        let options = BackendOptions { scan: ScanChoice::Fused, ..BackendOptions::default() };
        Counted { inner: CandleBackend::with_driver(options, driver).unwrap(), log }
    }

    /// What went to and fro since it was last asked.
    pub(crate) fn traffic(&self) -> Traffic {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

struct Watched {
    driver: Emulated,
    log: Log,
}

impl Driver for Watched {
    type Module = EmulatedModule;

    fn card(&self) -> &Card {
        self.driver.card()
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<EmulatedModule> {
        self.driver.compile(source, defines)
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &EmulatedModule,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        // SAFETY: by the caller's word.
        unsafe { self.driver.launch(at, module, kernel, grid, arguments) }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        self.log.lock().unwrap().by_kernels.push(from.len() / size_of::<f32>());
        self.driver.upload(at, to, from)
    }
}

type Tensor = <CandleBackend as Backend>::Tensor;
type Index = <CandleBackend as Backend>::Index;
type Gradients = <CandleBackend as Backend>::Gradients;

macro_rules! as_candle {
    ($($name:ident($($argument:ident: $of:ty),*) -> $answer:ty;)*) => {
        $(
            fn $name(&self, $($argument: $of),*) -> $answer {
                self.inner.$name($($argument),*)
            }
        )*
    };
}

impl Backend for Counted {
    type Tensor = Tensor;
    type Index = Index;
    type Gradients = Gradients;

    as_candle! {
        description() -> Description;
        shape(x: &Tensor) -> Vec<usize>;
        assign(variable: &Tensor, x: &Tensor) -> Result<()>;
        detach(x: &Tensor) -> Tensor;
        backward(loss: &Tensor) -> Result<Gradients>;
        gradient(of: &Gradients, x: &Tensor) -> Option<Tensor>;
        unary(op: Unary, x: &Tensor) -> Result<Tensor>;
        binary(op: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor>;
        affine(x: &Tensor, scale: f64, shift: f64) -> Result<Tensor>;
        sum(x: &Tensor, axis: usize) -> Result<Tensor>;
        max(x: &Tensor, axis: usize) -> Result<Tensor>;
        matmul(a: &Tensor, b: &Tensor) -> Result<Tensor>;
        reshape(x: &Tensor, shape: &[usize]) -> Result<Tensor>;
        transpose(x: &Tensor, a: usize, b: usize) -> Result<Tensor>;
        narrow(x: &Tensor, axis: usize, start: usize, length: usize) -> Result<Tensor>;
        cat(parts: &[Tensor], axis: usize) -> Result<Tensor>;
        stack(parts: &[Tensor]) -> Result<Tensor>;
        unstack(x: &Tensor) -> Result<Vec<Tensor>>;
        select(x: &Tensor, rows: &Index) -> Result<Tensor>;
        zeros(shape: &[usize]) -> Result<Tensor>;
        alias(x: &Tensor) -> Tensor;
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        self.log.lock().unwrap().uploaded.push(values.len());
        self.inner.tensor(values, shape)
    }

    fn index(&self, rows: &[u32]) -> Result<Index> {
        self.log.lock().unwrap().uploaded.push(rows.len());
        self.inner.index(rows)
    }

    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        self.log.lock().unwrap().uploaded.push(values.len());
        self.inner.variable(values, shape)
    }

    fn values(&self, x: &Tensor) -> Result<Vec<f32>> {
        let values = self.inner.values(x)?;
        self.log.lock().unwrap().read.push(values.len());
        Ok(values)
    }

    fn elm_scan(&self, args: &ScanArgs<Self>) -> Result<ScanOutput<Self>> {
        let ScanOutput { activity, state, magnitude, monitors, path, reason, backward } =
            self.inner.elm_scan(args)?;
        Ok(ScanOutput { activity, state, magnitude, monitors, path, reason, backward })
    }
}
