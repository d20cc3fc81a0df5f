//! A driver whose kind its owner does not tell, and one that several share.

use super::{Card, Driver, Grid, NAME, Slice, Stream};
use crate::error::{Error, Result};
use std::any::Any;
use std::sync::Arc;

/// Some driver: what a backend holds, so that its type is the same on a card
/// and where a card is emulated.
pub struct AnyDriver(Box<dyn Erased>);

/// A module of some driver.
pub type AnyModule = Box<dyn Any + Send + Sync>;

impl AnyDriver {
    /// This driver.
    pub fn new<D: Driver<Module: 'static> + 'static>(driver: D) -> Self {
        AnyDriver(Box::new(driver))
    }
}

impl Driver for AnyDriver {
    type Module = AnyModule;

    fn card(&self) -> &Card {
        self.0.card()
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<AnyModule> {
        self.0.compile(source, defines)
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &AnyModule,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        // SAFETY: by the caller's word.
        unsafe { self.0.launch(at, &**module, kernel, grid, arguments) }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        self.0.upload(at, to, from)
    }
}

/// [`Driver`] without its type of modules.
trait Erased: Send + Sync {
    fn card(&self) -> &Card;
    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<AnyModule>;
    /// # Safety
    /// As [`Driver::launch`].
    unsafe fn launch(
        &self,
        at: Stream,
        module: &dyn Any,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()>;
    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()>;
}

impl<D: Driver<Module: 'static>> Erased for D {
    fn card(&self) -> &Card {
        Driver::card(self)
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<AnyModule> {
        Ok(Box::new(Driver::compile(self, source, defines)?))
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &dyn Any,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        let module = module.downcast_ref().ok_or_else(|| Error::Unsupported {
            what: "a module of another driver".into(),
            backend: NAME.into(),
            reason: "a module runs on the driver that compiled it".into(),
        })?;
        // SAFETY: by the caller's word.
        unsafe { Driver::launch(self, at, module, kernel, grid, arguments) }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        Driver::upload(self, at, to, from)
    }
}

impl<D: Driver> Driver for Arc<D> {
    type Module = D::Module;

    fn card(&self) -> &Card {
        D::card(self)
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<D::Module> {
        D::compile(self, source, defines)
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &D::Module,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        // SAFETY: by the caller's word.
        unsafe { D::launch(self, at, module, kernel, grid, arguments) }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        D::upload(self, at, to, from)
    }
}
