//! How fast this processor multiplies and adds: what kernels are measured by.

use super::pool::Pool;
use super::simd::{BLOCK, Element, Program, Simd, Vector};
use crate::error::Result;
use std::time::Instant;

/// Sums that do not wait for each other; enough to fill every pipeline (two
/// that take four cycles need 8), few enough for sixteen registers.
const SUMS: usize = 12;
/// Rounds of one measurement, about ten milliseconds.
const ROUNDS: usize = 2_000_000;
/// Measurements, of which the fastest counts.
const TRIES: usize = 3;

/// The most floating-point operations per nanosecond that all threads of a
/// pool reach together with fused multiply-adds on registers alone.
///
/// # Errors
/// When the processor lacks the instructions.
pub fn peak_gflops(pool: &Pool, simd: Simd) -> Result<f64> {
    let set = simd.resolve()?;
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        let began = Instant::now();
        pool.run(|_| {
            std::hint::black_box(f32::dispatch(set, usize::MAX, Spin));
        });
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok((2 * f32::widest(set) * SUMS * ROUNDS * pool.threads()) as f64 / best * 1e-9)
}

struct Spin;

impl Program<f32> for Spin {
    type Output = f32;

    #[inline(always)]
    unsafe fn run<V: Vector<E = f32>, W: Vector<E = f32>>(self) -> f32 {
        // SAFETY: the caller vouches for the processor.
        unsafe {
            let (factor, addend) = (W::splat(std::hint::black_box(0.5)), W::splat(std::hint::black_box(1.0)));
            let mut sums = [W::splat(0.0); SUMS];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = sum.mul_add(factor, addend);
                }
            }
            let mut all = [W::splat(0.0); BLOCK];
            for (i, sum) in sums.into_iter().enumerate() {
                all[i % BLOCK] = all[i % BLOCK].add(sum);
            }
            W::sums(all).iter().sum()
        }
    }
}
