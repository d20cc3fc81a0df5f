//! Slices whose accesses are checked in debug builds only.
//!
//! The inner loops read and write through these; a build with debug
//! assertions stops at the first access outside of its slice.

use super::simd::{BLOCK, Offset, Vector};
use std::marker::PhantomData;

/// A slice to read from.
#[derive(Clone, Copy)]
pub(super) struct Span<'a, T> {
    start: *const T,
    len: usize,
    life: PhantomData<&'a [T]>,
}

/// A slice to read from and write to, without claiming to be the only one.
#[derive(Clone, Copy)]
pub(super) struct SpanMut<'a, T> {
    start: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

impl<'a, T> From<&'a [T]> for Span<'a, T> {
    #[inline(always)]
    fn from(slice: &'a [T]) -> Self {
        Span { start: slice.as_ptr(), len: slice.len(), life: PhantomData }
    }
}

impl<'a, T> From<&'a mut [T]> for SpanMut<'a, T> {
    #[inline(always)]
    fn from(slice: &'a mut [T]) -> Self {
        SpanMut { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }
}

impl<'a, T> From<SpanMut<'a, T>> for Span<'a, T> {
    #[inline(always)]
    fn from(span: SpanMut<'a, T>) -> Self {
        Span { start: span.start, len: span.len, life: PhantomData }
    }
}

impl<T: Copy> Span<'_, T> {
    /// Number of elements.
    #[inline(always)]
    pub(super) fn len(self) -> usize {
        self.len
    }

    /// `len` elements from `at` on.
    ///
    /// # Safety
    /// They lie inside.
    #[inline(always)]
    pub(super) unsafe fn part(self, at: usize, len: usize) -> Self {
        debug_assert!(at + len <= self.len, "{at} + {len} of {}", self.len);
        // SAFETY: inside, says the caller.
        Span { start: unsafe { self.start.add(at) }, len, life: PhantomData }
    }

    /// Element `at`.
    ///
    /// # Safety
    /// It lies inside.
    #[inline(always)]
    pub(super) unsafe fn get(self, at: usize) -> T {
        debug_assert!(at < self.len, "{at} of {}", self.len);
        // SAFETY: inside, says the caller.
        unsafe { *self.start.add(at) }
    }

    /// A vector of the elements from `at` on.
    ///
    /// # Safety
    /// They lie inside, and the processor has the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn vector<V: Vector<E = T>>(self, at: usize) -> V {
        debug_assert!(at + V::LANES <= self.len, "{at} + {} of {}", V::LANES, self.len);
        // SAFETY: inside, says the caller.
        unsafe { V::load(self.start.add(at)) }
    }

    /// A vector of copies of element `at`.
    ///
    /// # Safety
    /// It lies inside, and the processor has the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn splat<V: Vector<E = T>>(self, at: usize) -> V {
        // SAFETY: the caller's promise is the same.
        unsafe { V::splat(self.get(at)) }
    }

    /// Vectors of copies of each of the `R` elements from `at` on.
    ///
    /// # Safety
    /// They lie inside, and the processor has the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn splats<V: Vector<E = T>, const R: usize>(self, at: usize) -> [V; R] {
        debug_assert!(at + R <= self.len, "{at} + {R} of {}", self.len);
        // SAFETY: inside, says the caller: four at a time, the last four
        // ending with the last element.
        unsafe {
            let mut all = [V::splat(self.get(at)); R];
            if R < 4 {
                for r in 1..R {
                    all[r] = self.splat(at + r);
                }
                return all;
            }
            let mut r = 0;
            while r < R {
                r = r.min(R - 4);
                all[r..r + 4].copy_from_slice(&V::splat_four(self.start.add(at + r)));
                r += 4;
            }
            all
        }
    }

    /// A vector of the elements at the places `offsets[at]` and on.
    ///
    /// # Safety
    /// The places lie inside of `offsets`, the elements inside of this span,
    /// and the processor has the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn gather<V: Vector<E = T>, O: Offset>(self, offsets: Span<'_, O>, at: usize) -> V {
        debug_assert!(at + V::LANES <= offsets.len, "{at} + {} of {}", V::LANES, offsets.len);
        // SAFETY: inside, says the caller.
        unsafe {
            debug_assert!((0..V::LANES).all(|i| offsets.get(at + i).get() < self.len));
            V::gather(self.start, offsets.start.add(at))
        }
    }

    /// The `R` offsets from element `at` on.
    ///
    /// # Safety
    /// They lie inside.
    #[inline(always)]
    pub(super) unsafe fn offsets<const R: usize>(self, at: usize) -> [usize; R]
    where
        T: Offset,
    {
        debug_assert!(at + R <= self.len, "{at} + {R} of {}", self.len);
        // SAFETY: inside, says the caller.
        unsafe { T::get_many(self.start.add(at)) }
    }

    /// The address of element `at`, which may lie outside.
    #[inline(always)]
    pub(super) fn address(self, at: usize) -> *const T {
        self.start.wrapping_add(at)
    }
}

impl<T: Copy> SpanMut<'_, T> {
    /// `len` elements from `at` on.
    ///
    /// # Safety
    /// They lie inside.
    #[inline(always)]
    pub(super) unsafe fn part(self, at: usize, len: usize) -> Self {
        debug_assert!(at + len <= self.len, "{at} + {len} of {}", self.len);
        // SAFETY: inside, says the caller.
        SpanMut { start: unsafe { self.start.add(at) }, len, life: PhantomData }
    }

    /// A vector of the elements from `at` on.
    ///
    /// # Safety
    /// They lie inside, no other thread writes them now, and the processor has
    /// the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn vector<V: Vector<E = T>>(self, at: usize) -> V {
        // SAFETY: the caller's promise is the same.
        unsafe { Span::from(self).vector(at) }
    }

    /// Writes a vector to `at` and on.
    ///
    /// # Safety
    /// The elements lie inside and no other thread accesses them now.
    #[inline(always)]
    pub(super) unsafe fn put<V: Vector<E = T>>(self, at: usize, vector: V) {
        debug_assert!(at + V::LANES <= self.len, "{at} + {} of {}", V::LANES, self.len);
        // SAFETY: inside, says the caller.
        unsafe { vector.store(self.start.add(at)) }
    }

    /// Writes the transpose of eight vectors: a row of eight for each lane,
    /// `stride` apart, from `at` on.
    ///
    /// # Safety
    /// As [`SpanMut::put`], for all rows.
    #[inline(always)]
    pub(super) unsafe fn put_columns<V: Vector<E = T>>(self, at: usize, stride: usize, vectors: [V; BLOCK]) {
        debug_assert!(at + (V::LANES - 1) * stride + BLOCK <= self.len, "{at} by {stride} of {}", self.len);
        // SAFETY: inside, says the caller.
        unsafe { V::store_columns(vectors, self.start.add(at), stride) }
    }

    /// Writes a vector past the caches.
    ///
    /// # Safety
    /// As [`SpanMut::put`], and element `at` lies at a multiple of the vector's
    /// size.
    #[inline(always)]
    pub(super) unsafe fn stream<V: Vector<E = T>>(self, at: usize, vector: V) {
        debug_assert!(at + V::LANES <= self.len, "{at} + {} of {}", V::LANES, self.len);
        // SAFETY: inside and aligned, says the caller.
        unsafe { vector.stream(self.start.add(at)) }
    }

    /// Writes the transpose of eight rows of eight elements, which start
    /// `from_stride` apart in `from`, to rows `to_stride` apart.
    ///
    /// # Safety
    /// They lie inside, no other thread accesses them, and the processor has
    /// the vector's instructions.
    #[inline(always)]
    pub(super) unsafe fn put_transposed<V: Vector<E = T>>(
        self,
        to_stride: usize,
        from: Span<'_, T>,
        from_stride: usize,
    ) {
        let last = BLOCK - 1;
        debug_assert!(last * from_stride + BLOCK <= from.len && last * to_stride + BLOCK <= self.len);
        // SAFETY: inside, says the caller.
        unsafe { V::transpose(from.start, from_stride, self.start, to_stride) }
    }

    /// The elements as an ordinary slice.
    ///
    /// # Safety
    /// No other access to them happens while the slice lives.
    #[inline(always)]
    pub(super) unsafe fn slice<'b>(self) -> &'b mut [T]
    where
        Self: 'b,
    {
        // SAFETY: made from a slice or from shared memory of this length, and
        // exclusive, says the caller.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

/// Memory that several threads write to, each its own part.
pub(super) struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

// SAFETY: handing out parts is `unsafe`; whoever does it vouches that no part
// is written while another thread accesses it.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> From<&'a mut [T]> for Shared<'a, T> {
    fn from(slice: &'a mut [T]) -> Self {
        Shared { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }
}

impl<'a, T: Copy> Shared<'a, T> {
    /// `len` elements from `at` on.
    ///
    /// # Safety
    /// They lie inside, and while they are written no other thread accesses
    /// them.
    #[inline(always)]
    pub(super) unsafe fn part(&self, at: usize, len: usize) -> SpanMut<'a, T> {
        debug_assert!(at + len <= self.len, "{at} + {len} of {}", self.len);
        // SAFETY: inside, says the caller.
        SpanMut { start: unsafe { self.start.add(at) }, len, life: PhantomData }
    }
}
