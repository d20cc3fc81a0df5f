//! Memory of a card without a tensor library, to try and to time the kernels.

use super::api::{Api, Handle, call};
use super::nvidia::{Entered, Nvidia};
use super::{Driver, Slice, Stream};
use crate::error::{Error, Result};
use crate::kernel::cuda::Memory;
use std::collections::HashMap;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};

/// Memory of a card, in its default stream. What is dropped serves the next
/// block of its length; the rest lives as long as the process.
pub struct NvidiaMemory {
    api: Arc<Api>,
    context: Handle,
    free: Arc<Mutex<HashMap<usize, Vec<u64>>>>,
}

/// Some memory of a card.
pub struct NvidiaBlock {
    slice: Slice,
    free: Arc<Mutex<HashMap<usize, Vec<u64>>>>,
}

impl Drop for NvidiaBlock {
    fn drop(&mut self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.entry(self.slice.len).or_default().push(self.slice.address);
    }
}

impl NvidiaMemory {
    /// Memory of this card.
    pub fn new(card: &Nvidia) -> Self {
        let (api, context) = card.parts();
        NvidiaMemory { api, context, free: Arc::default() }
    }

    /// A block with these numbers.
    ///
    /// # Errors
    /// When there is no room or the driver refuses.
    pub fn put(&self, card: &Nvidia, numbers: &[f32]) -> Result<NvidiaBlock> {
        let block = self.alloc(numbers.len())?;
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        card.upload(self.stream(), block.slice, &bytes)?;
        Ok(block)
    }

    /// The numbers of a block, when all kernels are done.
    ///
    /// # Errors
    /// When a kernel failed or the driver refuses.
    pub fn get(&self, block: &NvidiaBlock) -> Result<Vec<f32>> {
        let mut numbers = vec![0f32; block.slice.len];
        let _entered = Entered::new(&self.api, self.context)?;
        // SAFETY: there is room for as many bytes as the block has.
        unsafe {
            let bytes = size_of_val(&numbers[..]);
            call!(self.api, cuStreamSynchronize(null_mut()))?;
            call!(self.api, cuMemcpyDtoH_v2(numbers.as_mut_ptr().cast(), block.slice.address, bytes))?;
        }
        Ok(numbers)
    }

    /// Waits for all kernels.
    ///
    /// # Errors
    /// When one failed.
    pub fn wait(&self) -> Result<()> {
        let _entered = Entered::new(&self.api, self.context)?;
        // SAFETY: it is the default stream.
        unsafe { call!(self.api, cuStreamSynchronize(null_mut())) }
    }
}

impl Memory for NvidiaMemory {
    type Block = NvidiaBlock;

    fn alloc(&self, floats: usize) -> Result<NvidiaBlock> {
        let before = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.get_mut(&floats).and_then(Vec::pop)
        };
        let address = match before {
            Some(address) => address,
            None => {
                let bytes = floats.checked_mul(size_of::<f32>()).filter(|&bytes| bytes > 0);
                let bytes = bytes.ok_or(Error::Memory { bytes: usize::MAX })?;
                let _entered = Entered::new(&self.api, self.context)?;
                let mut address = 0;
                // SAFETY: the pointer is good for the call.
                unsafe { call!(self.api, cuMemAlloc_v2(&mut address, bytes)) }?;
                address
            }
        };
        Ok(NvidiaBlock { slice: Slice { address, len: floats }, free: self.free.clone() })
    }

    fn slice(&self, block: &NvidiaBlock) -> Slice {
        block.slice
    }

    fn stream(&self) -> Stream {
        Stream(null_mut())
    }
}
