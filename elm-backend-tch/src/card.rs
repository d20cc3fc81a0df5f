//! libtorch's tensors as memory of a card, for the recurrence that is fused there.

use crate::backend::{TchBackend, TchTensor};
use crate::error::failed;
use crate::given;
use elm_core::device::BackendOptions;
use elm_core::kernel::cuda::Memory;
use elm_core::kernel::cuda::driver::{AnyDriver, Nvidia, Slice, Stream};
use elm_core::scan::{CardScan, OnCard};
use elm_core::{Result, shape};
use std::sync::Arc;
use tch::{Kind, TchError, Tensor};

/// The recurrence on Nvidia's card of this number.
pub(crate) fn open(options: &BackendOptions, ordinal: usize) -> Result<Option<Arc<CardScan<TchBackend>>>> {
    CardScan::open(options, || {
        let driver = Nvidia::open(ordinal)?;
        // Later nobody can be told that there is no stream.
        let empty = Tensor::f_empty([1], (Kind::Float, tch::Device::Cuda(ordinal)));
        empty.and_then(|empty| given::stream(&empty)).map_err(failed("stream"))?;
        Ok(AnyDriver::new(driver))
    })
}

/// A contiguous tensor of 32-bit floats without history.
pub struct Block(Tensor);

// SAFETY: its owner never calls anything on the tensor but what reads its
// address and length, which never change; libtorch counts its owners atomically.
unsafe impl Sync for Block {}

impl Memory for TchBackend {
    type Block = Block;

    fn alloc(&self, floats: usize) -> Result<Block> {
        let empty = Tensor::f_empty([floats as i64], (Kind::Float, self.device()));
        empty.map(Block).map_err(failed("memory of a card"))
    }

    fn slice(&self, block: &Block) -> Slice {
        Slice { address: block.0.data_ptr() as u64, len: block.0.numel() }
    }

    fn stream(&self) -> Stream {
        let of_card = || given::stream(&Tensor::f_empty([0], (Kind::Float, self.device()))?);
        match self.device() {
            tch::Device::Cuda(_) => Stream(of_card().unwrap_or(std::ptr::null_mut())),
            // A driver that emulates a card has none.
            _ => Stream(std::ptr::null_mut()),
        }
    }
}

impl OnCard for TchBackend {
    fn lend(&self, x: &TchTensor) -> Result<Block> {
        let contiguous = || -> Result<Tensor, TchError> { x.tensor().f_detach()?.f_contiguous() };
        contiguous().map(Block).map_err(failed("memory of a card"))
    }

    fn take(&self, block: Block, shape: &[usize]) -> Result<TchTensor> {
        shape::filled("block of a card", block.0.numel(), shape)?;
        let lengths: Vec<i64> = shape.iter().map(|&length| length as i64).collect();
        block.0.f_view(lengths.as_slice()).map(TchTensor::from).map_err(failed("memory of a card"))
    }
}
