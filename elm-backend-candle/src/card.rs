//! candle's tensors as memory of a card, for the recurrence that is fused there.

use crate::backend::CandleBackend;
use crate::error::failed;
use crate::history::GraphTensor;
use crate::host;
#[cfg(feature = "cuda")]
use candle_core::Storage;
use candle_core::{DType, Device, Tensor};
use elm_core::device::BackendOptions;
use elm_core::kernel::cuda::Memory;
use elm_core::kernel::cuda::driver::{AnyDriver, Nvidia, Slice, Stream};
use elm_core::scan::{CardScan, OnCard};
use elm_core::{Result, shape};
use std::sync::Arc;

/// The recurrence on Nvidia's card of this number.
pub(crate) fn open(options: &BackendOptions, ordinal: usize) -> Result<Option<Arc<CardScan<CandleBackend>>>> {
    CardScan::open(options, || Ok(AnyDriver::new(Nvidia::open(ordinal)?)))
}

/// A contiguous tensor of 32-bit floats without history, and where it lies.
pub struct Block {
    tensor: Tensor,
    slice: Slice,
}

impl Block {
    fn new(tensor: Tensor) -> candle_core::Result<Self> {
        let slice = Slice { address: address(&tensor)?, len: tensor.elem_count() };
        Ok(Block { tensor, slice })
    }
}

/// The address of a contiguous tensor's first number.
fn address(tensor: &Tensor) -> candle_core::Result<u64> {
    match tensor.device() {
        // A driver that emulates a card takes the host's memory for its own.
        Device::Cpu => host::edit(tensor, |numbers| numbers.as_mut_ptr() as u64),
        Device::Cuda(_) => on_card(tensor),
        Device::Metal(_) => candle_core::bail!("memory of Metal is no memory of CUDA"),
    }
}

#[cfg(feature = "cuda")]
fn on_card(tensor: &Tensor) -> candle_core::Result<u64> {
    use candle_core::cuda_backend::cudarc::driver::DevicePtr;
    let (storage, layout) = tensor.storage_and_layout();
    let (Storage::Cuda(storage), Some((first, _))) = (&*storage, layout.contiguous_offsets()) else {
        candle_core::bail!("wanted a contiguous tensor on the card")
    };
    let numbers = storage.as_cuda_slice::<f32>()?;
    let (start, _used) = numbers.device_ptr(numbers.stream());
    Ok(start + (first * size_of::<f32>()) as u64)
}

#[cfg(not(feature = "cuda"))]
fn on_card(_: &Tensor) -> candle_core::Result<u64> {
    candle_core::bail!("this candle was built without CUDA")
}

/// Room on the card with anything in it.
#[cfg(feature = "cuda")]
fn room(device: &candle_core::CudaDevice, floats: usize) -> candle_core::Result<Tensor> {
    use candle_core::{CudaStorage, op::BackpropOp};
    // SAFETY: kernels of the recurrence write every number before one is read.
    let numbers = unsafe { device.alloc::<f32>(floats) }?;
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(numbers, device.clone()));
    Ok(Tensor::from_storage(storage, floats, BackpropOp::none(), false))
}

impl Memory for CandleBackend {
    type Block = Block;

    fn alloc(&self, floats: usize) -> Result<Block> {
        let tensor = match self.device() {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => room(device, floats),
            device => Tensor::zeros(floats, DType::F32, device),
        };
        tensor.and_then(Block::new).map_err(failed("memory of a card"))
    }

    fn slice(&self, block: &Block) -> Slice {
        block.slice
    }

    fn stream(&self) -> Stream {
        match self.device() {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => Stream(device.cuda_stream().cu_stream().cast()),
            _ => Stream(std::ptr::null_mut()),
        }
    }
}

impl OnCard for CandleBackend {
    fn lend(&self, x: &GraphTensor) -> Result<Block> {
        x.tensor().detach().contiguous().and_then(Block::new).map_err(failed("memory of a card"))
    }

    fn take(&self, block: Block, shape: &[usize]) -> Result<GraphTensor> {
        shape::filled("block of a card", block.slice.len, shape)?;
        block.tensor.reshape(shape).map(GraphTensor::leaf).map_err(failed("memory of a card"))
    }
}
