//! Vectors of numbers: one small trait, four implementations, one dispatch.
//! The ground that the kernels stand on: nothing here knows any of them.
//!
//! Kernels are written once, generic over [`Vector`], and compiled for every
//! instruction set. The choice is made at run time, once per thread and call,
//! by [`Element::dispatch`]. Everything between the dispatch and an intrinsic
//! is `#[inline(always)]` and free of closures: only code that ends up inside
//! of a `#[target_feature]` function is compiled with that feature.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod instructions;
mod math;
mod offset;
mod portable;
mod scalar;

pub use instructions::{InstructionSet, Simd};
pub(super) use offset::Offset;

use instructions::Level;

/// A number type that kernels compute with: f32, or f64 to check gradients.
pub trait Element:
    Copy + Default + Send + Sync + PartialEq + std::ops::Add<Output = Self> + 'static + private::Sealed
{
    /// Lanes per vector when there are `rows` sequences: rows are padded to a
    /// multiple of it.
    fn lanes(set: InstructionSet, rows: usize) -> usize;
    /// Lanes of the widest vector.
    fn widest(set: InstructionSet) -> usize;
    /// Rounds from f64.
    fn from_f64(x: f64) -> Self;
    /// Widens to f64.
    fn to_f64(self) -> f64;
    /// Runs a program compiled for an instruction set and so many sequences.
    fn dispatch<P: Program<Self>>(set: InstructionSet, rows: usize, program: P) -> P::Output;
}

/// Keeps [`Element`] to the two types below: a foreign implementation could
/// not uphold what kernels rely on (any bit pattern is a value, no drop).
mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Code that is compiled once for each instruction set.
pub trait Program<E: Element> {
    /// What it answers.
    type Output;
    /// The code; `V` has one lane per batch row, `W` is the widest vector.
    ///
    /// # Safety
    /// The processor has the instructions of `V` and `W`.
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(self) -> Self::Output;
}

/// Lanes of the widest of all vectors.
pub(super) const MOST_LANES: usize = 16;

/// Vectors that are summed over their lanes together, and rows and columns that
/// are transposed together: as many as a half-width vector has lanes.
pub(super) const BLOCK: usize = 8;

/// Bytes of a cache line, which is also the size of the widest vector.
pub(super) const CACHE_LINE: usize = 64;

/// A vector of `LANES` numbers.
///
/// Vectors come into being only through the `unsafe` constructors, whose
/// callers vouch for the processor; so the operations on existing vectors can
/// be safe.
///
/// # Safety
/// Loads and stores touch exactly `LANES` elements, prefetches nothing.
pub unsafe trait Vector: Copy {
    /// The number type.
    type E: Element;
    /// Numbers in a vector.
    const LANES: usize;
    /// Rows of a matrix product that registers hold for one vector of batch:
    /// of sixteen registers an input and a weight, and room to load them ahead,
    /// are not for sums. Where vectors are arrays it is up to the compiler; there
    /// it was not tuned.
    const TILE: usize;

    /// `LANES` copies of `x`.
    ///
    /// # Safety
    /// The processor has this vector's instructions.
    unsafe fn splat(x: Self::E) -> Self;
    /// `LANES` copies of `x`, in a vector of the kind that `self` is.
    #[inline(always)]
    fn same(self, x: Self::E) -> Self {
        // SAFETY: `self` exists, so the processor has its instructions.
        unsafe { Self::splat(x) }
    }
    /// A vector of copies of each of the four numbers from `from` on.
    ///
    /// # Safety
    /// They are readable, and the processor has this vector's instructions.
    #[inline(always)]
    unsafe fn splat_four(from: *const Self::E) -> [Self; 4] {
        // SAFETY: as the caller says.
        unsafe { [0, 1, 2, 3].map(|i| Self::splat(*from.add(i))) }
    }
    /// The `LANES` numbers from `from` on, whatever its alignment.
    ///
    /// # Safety
    /// They are readable, and the processor has this vector's instructions.
    unsafe fn load(from: *const Self::E) -> Self;
    /// Writes the lanes to `to` and on, whatever its alignment.
    ///
    /// # Safety
    /// `LANES` numbers are writable there.
    unsafe fn store(self, to: *mut Self::E);

    /// The `LANES` numbers of `table` at the places `from` and on.
    ///
    /// # Safety
    /// `LANES` places are readable, numbers are readable there, and the
    /// processor has this vector's instructions.
    #[inline(always)]
    unsafe fn gather<O: Offset>(table: *const Self::E, from: *const O) -> Self {
        let mut lanes = [Self::E::default(); MOST_LANES];
        for i in 0..Self::LANES {
            // SAFETY: as the caller says.
            lanes[i] = unsafe { *table.add((*from.add(i)).get()) };
        }
        // SAFETY: the array has room for any vector.
        unsafe { Self::load(lanes.as_ptr()) }
    }

    /// Writes the lanes to `to` and on past the caches, where the processor
    /// can; other threads see them after [`store_fence`].
    ///
    /// # Safety
    /// `LANES` numbers are writable there, and `to` is a multiple of the
    /// vector's size.
    #[inline(always)]
    unsafe fn stream(self, to: *mut Self::E) {
        // SAFETY: the caller's promise.
        unsafe { self.store(to) }
    }

    /// Writes the transpose of eight vectors: lane `i` of vector `b` goes to
    /// place `b` of row `i`.
    ///
    /// # Safety
    /// `LANES` rows of eight numbers are writable, `stride` apart.
    #[inline(always)]
    unsafe fn store_columns(vectors: [Self; BLOCK], to: *mut Self::E, stride: usize) {
        let mut lanes = [Self::E::default(); MOST_LANES];
        for (b, vector) in vectors.into_iter().enumerate() {
            // SAFETY: the array has room for any vector, the caller vouches
            // for the rows.
            unsafe {
                vector.store(lanes.as_mut_ptr());
                for i in 0..Self::LANES {
                    *to.add(i * stride + b) = lanes[i];
                }
            }
        }
    }

    /// Writes the transpose of eight rows of eight numbers: the `j`-th of row
    /// `i` goes to the `i`-th of row `j`.
    ///
    /// # Safety
    /// Rows of eight are readable every `from_stride` numbers, and writable
    /// every `to_stride`; the processor has this vector's instructions.
    #[inline(always)]
    unsafe fn transpose(from: *const Self::E, from_stride: usize, to: *mut Self::E, to_stride: usize) {
        for i in 0..BLOCK {
            for j in 0..BLOCK {
                // SAFETY: inside of both, as the caller says.
                unsafe { *to.add(j * to_stride + i) = *from.add(i * from_stride + j) }
            }
        }
    }

    /// `self * factor + addend`, rounded once where the hardware does so.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `self + other`
    fn add(self, other: Self) -> Self;
    /// `self - other`
    fn sub(self, other: Self) -> Self;
    /// `self * other`
    fn mul(self, other: Self) -> Self;
    /// `self / other`
    fn div(self, other: Self) -> Self;
    /// The smaller of the two; `other` where one is not a number.
    fn min(self, other: Self) -> Self;
    /// The larger of the two; `other` where one is not a number.
    fn max(self, other: Self) -> Self;
    /// `|self|`
    fn abs(self) -> Self;
    /// `self` where `condition > 0`, else 0.
    fn where_positive(self, condition: Self) -> Self;
    /// Hyperbolic tangent, relative error below 3e-7 (f32).
    fn tanh(self) -> Self;
    /// Exponential, relative error below 3e-7 (f32).
    fn exp(self) -> Self;
    /// The sums over the lanes of eight vectors.
    fn sums(vectors: [Self; BLOCK]) -> [Self::E; BLOCK];
}

/// The first place of each of the vectors that fill `len` places.
///
/// Unlike `step_by` it needs no division to begin, which short loops feel.
#[derive(Clone, Copy)]
pub(super) struct Starts<V> {
    next: usize,
    len: usize,
    vector: std::marker::PhantomData<V>,
}

/// See [`Starts`].
#[inline(always)]
pub(super) fn starts<V: Vector>(len: usize) -> Starts<V> {
    Starts { next: 0, len, vector: std::marker::PhantomData }
}

impl<V: Vector> Iterator for Starts<V> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let start = self.next;
        self.next += V::LANES;
        if start < self.len { Some(start) } else { None }
    }
}

/// Asks for the cache line at `address`, which need not be valid.
#[inline(always)]
pub(super) fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching never faults, and SSE is part of x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Makes writes past the caches visible to other threads.
#[inline(always)]
pub(super) fn store_fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

impl Element for f32 {
    fn lanes(set: InstructionSet, rows: usize) -> usize {
        match set.level() {
            Level::Avx512 if rows > 8 => 16,
            _ => 8,
        }
    }

    fn widest(set: InstructionSet) -> usize {
        if set.level() == Level::Avx512 { 16 } else { 8 }
    }

    fn from_f64(x: f64) -> Self {
        x as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn dispatch<P: Program<f32>>(set: InstructionSet, rows: usize, program: P) -> P::Output {
        let lanes = Self::lanes(set, rows);
        match set.level() {
            // SAFETY: an `InstructionSet` is made only after the processor was
            // found to have it.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if lanes == 16 => unsafe { avx512::run_wide(program) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512::run_narrow(program) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2::run(program) },
            _ => {
                debug_assert_eq!(lanes, 8);
                // SAFETY: plain Rust needs no particular processor.
                unsafe { program.run::<portable::F32x8, portable::F32x8>() }
            }
        }
    }
}

impl Element for f64 {
    fn lanes(_set: InstructionSet, _rows: usize) -> usize {
        1
    }

    fn widest(_set: InstructionSet) -> usize {
        1
    }

    fn from_f64(x: f64) -> Self {
        x
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn dispatch<P: Program<f64>>(_set: InstructionSet, _rows: usize, program: P) -> P::Output {
        // SAFETY: plain Rust needs no particular processor.
        unsafe { program.run::<scalar::F64x1, scalar::F64x1>() }
    }
}
