//! Divisions of work and compiled kernels, kept by shape.

use super::driver::{Card, Driver};
use super::limits;
use super::plan::Plan;
use super::sizes::Sizes;
use crate::error::{Error, Result};
use crate::spec::{LayerRun, LayerSpec};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The kernels, one text.
pub(super) const SOURCE: &str = concat!(
    include_str!("source/arguments.h"),
    include_str!("source/shape.h"),
    include_str!("source/warp.h"),
    include_str!("source/forward.cu"),
    include_str!("source/backward.cu"),
    include_str!("source/prepare.cu"),
    include_str!("source/traces.cu"),
    include_str!("source/gradients.cu"),
);

/// What is known of the shapes met so far.
pub(super) struct Shapes<M> {
    plans: Mutex<HashMap<Sizes, Result<Arc<Plan>, String>>>,
    modules: Mutex<HashMap<Sizes, Arc<M>>>,
}

impl<M> Default for Shapes<M> {
    fn default() -> Self {
        Shapes { plans: Mutex::default(), modules: Mutex::default() }
    }
}

impl<M> Shapes<M> {
    /// How the work of a layer is divided.
    ///
    /// # Errors
    /// In words, what stands against it.
    pub(super) fn plan(
        &self,
        card: &Card,
        layer: &LayerSpec,
        rows: usize,
        steps: usize,
    ) -> Result<Arc<Plan>, String> {
        limits::layer(layer)?;
        let sizes = Sizes::new(layer, rows);
        limits::sizes(&sizes)?;
        let mut plans = lock(&self.plans);
        let plan = plans.entry(sizes).or_insert_with_key(|sizes| Plan::new(sizes, card).map(Arc::new));
        let plan = plan.clone()?;
        limits::steps(&plan, steps)?;
        Ok(plan)
    }

    /// How that of a run is.
    ///
    /// # Errors
    /// In words, what stands against it.
    pub(super) fn plan_of<X, I>(&self, card: &Card, run: &LayerRun<X, I>) -> Result<Arc<Plan>, String> {
        limits::options(run)?;
        self.plan(card, &run.layer, run.rows, run.steps)
    }

    /// The plan of a run and its kernels, compiled when its shape is new.
    pub(super) fn compiled<X, I, D: Driver<Module = M>>(
        &self,
        driver: &D,
        run: &LayerRun<X, I>,
    ) -> Result<(Arc<Plan>, Arc<M>)> {
        let plan = self.plan_of(driver.card(), run).map_err(|reason| Error::Unsupported {
            what: "a fused recurrence of this layer".into(),
            backend: "cuda".into(),
            reason,
        })?;
        let mut modules = lock(&self.modules);
        if let Some(module) = modules.get(&plan.sizes) {
            return Ok((plan, module.clone()));
        }
        let module = Arc::new(driver.compile(SOURCE, &plan.defines())?);
        modules.insert(plan.sizes.clone(), module.clone());
        Ok((plan, module))
    }

    /// Divides the work of a shape in this way.
    #[cfg(any(test, feature = "conformance"))]
    pub(super) fn divide(&self, plan: Plan) {
        lock(&self.modules).remove(&plan.sizes);
        lock(&self.plans).insert(plan.sizes.clone(), Ok(Arc::new(plan)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
