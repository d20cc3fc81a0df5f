//! What the recurrence needs of a card and its driver.

mod any;
mod api;
mod library;
mod memory;
mod nvidia;
mod nvrtc;
mod report;
#[cfg(test)]
mod tests;

pub use any::{AnyDriver, AnyModule};
pub use library::FOLDERS_VARIABLE;
pub use memory::{NvidiaBlock, NvidiaMemory};
pub use nvidia::{Nvidia, NvidiaModule};
pub use nvrtc::{Compiled, Nvrtc};
pub use report::Usage;

use crate::error::Result;

/// What messages call what is behind this.
const NAME: &str = "cuda";

/// A CUDA stream of the backend's, borrowed for a call.
#[derive(Clone, Copy)]
pub struct Stream(pub *mut std::ffi::c_void);

/// Device memory: address and number of f32.
#[derive(Clone, Copy)]
pub struct Slice {
    /// Where it begins.
    pub address: u64,
    /// Number of f32.
    pub len: usize,
}

/// A card, as far as a plan depends on it.
pub struct Card {
    /// What it is called.
    pub name: String,
    /// Its multiprocessors.
    pub multiprocessors: usize,
    /// Shared memory that a block can have, in bytes.
    pub shared_bytes: usize,
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
    /// Is work divided as a draw says, a fixed one for each shape, and not in
    /// the way that is estimated to be the fastest? For tests: small layers
    /// have all of their divisions, and of those the fastest meet nobody.
    pub drawn: bool,
}

/// How the blocks of a grid run together.
pub enum Launch {
    /// In any order.
    Plain,
    /// All at once.
    Cooperative,
    /// So many at once, which can meet.
    Cluster(u32),
}

/// The size of a launch.
pub struct Grid {
    /// Blocks.
    pub blocks: u32,
    /// Threads of a block.
    pub threads: u32,
    /// Dynamic shared memory of a block, in bytes.
    pub shared_bytes: usize,
    /// How its blocks run together.
    pub launch: Launch,
}

/// Compiles kernels for one card and runs them there.
pub trait Driver: Send + Sync {
    /// Compiled source, loaded on the card.
    type Module: Send + Sync;

    /// The card.
    fn card(&self) -> &Card;

    /// Compiles source with these constants; the log of registers and spills
    /// is kept with the module.
    ///
    /// # Errors
    /// When it does not compile or cannot be loaded.
    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<Self::Module>;

    /// Puts a kernel into a stream. `arguments` is the bytes of one `repr(C)`
    /// struct that the kernel takes by value.
    ///
    /// # Errors
    /// When the module has no such kernel or the card cannot run the grid.
    ///
    /// # Safety
    /// Addresses inside are valid device memory of the sizes the kernel assumes.
    unsafe fn launch(
        &self,
        at: Stream,
        module: &Self::Module,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()>;

    /// Copies bytes of the host to device memory, in a stream; they may change
    /// afterwards.
    ///
    /// # Errors
    /// When there are more of them than fit.
    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()>;
}
