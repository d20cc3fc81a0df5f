//! What the hooks of a backend are worth: the naive backend with nothing but
//! [`Backend::scan_options`] and [`Backend::node`] has the fused recurrence, in
//! full and again in segments, and the composed one in segments.

use crate::backend::{Backend, ScanOptions, Value};
use crate::error::Result;
use crate::kernel::{DEFAULT_MEMORY_BUDGET, Kernel, Pool, Simd};
use crate::reference::{Reference, Tensor};
use crate::scan::ScanAdjoint;
use std::sync::Arc;

#[derive(Clone)]
struct Hooked {
    kernel: Option<Arc<Kernel>>,
    memory_budget: Option<u64>,
}

impl Backend for Hooked {
    crate::reference_primitives!();

    fn scan_options(&self) -> ScanOptions<'_> {
        ScanOptions { kernel: self.kernel.as_ref(), memory_budget: self.memory_budget }
    }

    fn node(&self, value: Value<Tensor>, inputs: &[&Tensor], adjoint: ScanAdjoint<Self>) -> Result<Tensor> {
        let value = match value {
            Value::Host(numbers) => self.tensor(&numbers, &[numbers.len()])?,
            Value::Tensor(value) => value,
        };
        let (own, count) = (self.clone(), inputs.len());
        Ok(Reference.given(&value, inputs, move |gradient| adjoint.gradients(&own, gradient, count)))
    }
}

fn fused(memory_budget: usize) -> Hooked {
    let pool = Arc::new(Pool::new(2).unwrap());
    let kernel = Kernel::new(pool, Simd::Auto, memory_budget).unwrap();
    Hooked { kernel: Some(Arc::new(kernel)), memory_budget: None }
}

mod fused_by_two_methods {
    crate::conformance_tests!(super::fused(super::DEFAULT_MEMORY_BUDGET));
}

mod fused_in_segments {
    crate::conformance_tests!(super::fused(1));
}

mod composed_in_segments {
    crate::conformance_tests!(super::Hooked { kernel: None, memory_budget: Some(1) });
}
