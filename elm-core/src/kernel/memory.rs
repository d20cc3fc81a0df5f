//! Aligned memory that is handed back and used again.
//!
//! A training step needs hundreds of megabytes of history. Fresh memory of
//! that size costs a page fault for every 4 KiB, so a [`Store`] keeps what was
//! handed back and serves the next step from it.

use super::pages::Block;
use super::simd::{CACHE_LINE, Element};
use super::span::SpanMut;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Blocks that a store keeps for each thread that works; more are freed.
///
/// Counted after training steps of two layers that take turns, with nothing
/// freed: 40 blocks for one thread, 73 for two, 289 for eight, 546 for sixteen,
/// where records are computed again; a fifth less where they are kept. Beyond
/// that blocks are of sizes that are no longer asked for.
const KEPT_BLOCKS: usize = 40;

/// Numbers of which any bit pattern is a value.
pub(super) trait Plain: Copy {}
impl Plain for u16 {}
impl Plain for u32 {}
impl<E: Element> Plain for E {}

/// Memory between uses. Cloning shares it.
#[derive(Clone)]
pub(super) struct Store {
    blocks: Arc<Mutex<Vec<Block>>>,
    /// Most blocks that are kept.
    most: usize,
}

impl Store {
    /// A store for so many threads, empty.
    pub(super) fn new(threads: usize) -> Self {
        Store { blocks: Arc::default(), most: KEPT_BLOCKS * threads }
    }

    /// A buffer with whatever its last user left in it.
    pub(super) fn take<T: Plain>(&self, len: usize) -> Buffer<T> {
        let bytes = len.saturating_mul(size_of::<T>());
        let mut kept = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |block: &Block| block.size() >= bytes && block.size() / 2 <= bytes.max(CACHE_LINE);
        let best = (0..kept.len()).filter(|&i| fits(&kept[i])).min_by_key(|&i| kept[i].size());
        let block = best.map(|i| kept.swap_remove(i));
        drop(kept);
        let block = block.unwrap_or_else(|| Block::new(bytes));
        Buffer { block: Some(block), len, store: self.clone(), element: PhantomData }
    }

    /// A buffer of zeros.
    pub(super) fn zeros<T: Plain + Default>(&self, len: usize) -> Buffer<T> {
        let mut buffer = self.take(len);
        buffer.fill(T::default());
        buffer
    }
}

/// A slice of numbers at a cache line's start; dropping it hands its memory
/// back to the store.
pub(super) struct Buffer<T: Plain> {
    block: Option<Block>,
    len: usize,
    store: Store,
    element: PhantomData<T>,
}

impl<T: Plain> Buffer<T> {
    /// The buffer's numbers, apart from the borrow of whatever holds it.
    ///
    /// # Safety
    /// The buffer outlives the span, and is not used otherwise while numbers
    /// are accessed through it.
    #[inline(always)]
    pub(super) unsafe fn detached<'b>(&mut self) -> SpanMut<'b, T>
    where
        T: 'b,
    {
        // SAFETY: initialised elements of a plain type; the rest is the caller's.
        SpanMut::from(unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr(), self.len) })
    }
}

impl<T: Plain> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let Some(block) = &self.block else { return &[] };
        // SAFETY: the block holds `len` initialised elements of a plain type,
        // aligned to at least a cache line.
        unsafe { std::slice::from_raw_parts(block.start().cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let Some(block) = &self.block else { return &mut [] };
        // SAFETY: as in `deref`, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(block.start().cast(), self.len) }
    }
}

impl<T: Plain> Drop for Buffer<T> {
    fn drop(&mut self) {
        let mut kept = self.store.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(self.block.take());
        if kept.len() > self.store.most {
            // The oldest first: sizes that are in use come back at the end.
            kept.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::kernel::pages::caught;
    use crate::kernel::pool::{Barrier, Pool};

    #[test]
    fn memory_comes_back_aligned_and_is_used_again() {
        let store = Store::new(1);
        let first = {
            let mut buffer = store.take::<f32>(1000);
            buffer[999] = 1.0;
            buffer.as_ptr() as usize
        };
        assert_eq!(first % CACHE_LINE, 0);
        let again = store.take::<u16>(1500);
        assert_eq!(again.as_ptr() as usize, first);
        assert_eq!(store.zeros::<f64>(7)[..], [0.0; 7]);
        assert!(store.take::<f32>(0).is_empty());
    }

    #[test]
    fn memory_that_is_not_to_be_had_is_an_error_on_every_thread() {
        let (pool, store) = (Pool::new(2).unwrap(), Store::new(2));
        for len in [usize::MAX, usize::MAX / 8] {
            let barrier = Barrier::new(2);
            let work = |thread| {
                let _guard = barrier.guard();
                if thread == 1 {
                    store.take::<f32>(len);
                }
                barrier.wait();
            };
            let refused = caught(|| {
                pool.run(work);
                Ok(())
            });
            assert!(matches!(refused, Err(Error::Memory { bytes }) if bytes >= len), "{refused:?}");
            assert!(matches!(caught(|| Ok(store.take::<f32>(len).len())), Err(Error::Memory { .. })));
        }
    }

    #[test]
    fn what_many_threads_hand_back_is_all_used_again() {
        let store = Store::new(8);
        // As many as a training step of two layers on eight threads was seen to use.
        let take = || -> Vec<Buffer<f32>> { (0..289).map(|i| store.take(100 + 10 * i)).collect() };
        let addresses = |buffers: Vec<Buffer<f32>>| -> std::collections::BTreeSet<usize> {
            buffers.iter().map(|buffer| buffer.as_ptr().addr()).collect()
        };
        assert_eq!(addresses(take()), addresses(take()));
    }
}
