//! Blocks of memory, the large ones on huge pages.
//!
//! A history of hundreds of megabytes on ordinary pages costs a fault for
//! every 4 KiB when it is first written, and a translation for every page that
//! a step touches. Pages are chosen when memory is first touched, so huge ones
//! must be asked for before: large blocks come straight from the system, whose
//! fresh memory is zero without anybody having written it.

use super::simd::CACHE_LINE;
use crate::error::{Error, Result};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// Bytes of a huge page of x86-64, and of most other processors with pages of
/// 4 KiB. Blocks from this size on are whole huge pages.
const HUGE_PAGE: usize = 2 << 20;

/// What unwinds when there is no memory for a block, caught by [`caught`].
struct OutOfMemory {
    bytes: usize,
}

/// Unwinds in silence: whoever called the kernel gets an error that says it.
fn out_of_memory(bytes: usize) -> ! {
    std::panic::resume_unwind(Box::new(OutOfMemory { bytes }))
}

/// Runs `work`; memory that is not to be had within it is an error.
///
/// # Errors
/// [`Error::Memory`], or that of `work`.
pub(super) fn caught<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    // What a kernel was writing is not looked at after an error, and what it
    // holds of its own is whole: buffers return to the store as they unwind.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        match panic.downcast::<OutOfMemory>() {
            Ok(out) => Err(Error::Memory { bytes: out.bytes }),
            Err(other) => std::panic::resume_unwind(other),
        }
    })
}

/// An owned, initialised block of bytes that starts at a cache line.
pub(super) struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a block is plain memory with one owner.
unsafe impl Send for Block {}
// SAFETY: a shared block only gives out shared slices.
unsafe impl Sync for Block {}

impl Block {
    /// A block of at least `bytes`, all zero.
    pub(super) fn new(bytes: usize) -> Self {
        // Whole lines first: the size alone must tell how a block was made.
        let lines = bytes.max(1).checked_next_multiple_of(CACHE_LINE);
        let align = if lines.is_some_and(huge::is_for) { HUGE_PAGE } else { CACHE_LINE };
        let size = lines.and_then(|lines| lines.checked_next_multiple_of(align));
        let layout = size.and_then(|size| Layout::from_size_align(size, align).ok());
        let Some(layout) = layout else { out_of_memory(bytes) };
        let start = if huge::is_for(layout.size()) {
            huge::map(layout.size())
        } else {
            // SAFETY: the size is not zero.
            NonNull::new(unsafe { alloc_zeroed(layout) })
        };
        Block { start: start.unwrap_or_else(|| out_of_memory(bytes)), layout }
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Bytes of the block.
    pub(super) fn size(&self) -> usize {
        self.layout.size()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if huge::is_for(self.size()) {
            // SAFETY: mapped in `new` with this size, given back once.
            unsafe { huge::unmap(self.start, self.size()) }
        } else {
            // SAFETY: allocated in `new` with this layout, freed once.
            unsafe { dealloc(self.start(), self.layout) }
        }
    }
}

#[cfg(target_os = "linux")]
mod huge {
    use super::{HUGE_PAGE, NonNull};

    /// Does a block of so many bytes lie on huge pages?
    pub(super) fn is_for(bytes: usize) -> bool {
        bytes >= HUGE_PAGE
    }

    /// Fresh zeros, for which huge pages were asked; `size` is a multiple of
    /// theirs. `None` when the system has no more memory.
    pub(super) fn map(size: usize) -> Option<NonNull<u8>> {
        // Room to begin where a huge page does.
        let room = size.checked_add(HUGE_PAGE)?;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping wherever the system likes touches no other.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), room, access, kind, -1, 0) };
        if mapped == libc::MAP_FAILED {
            return None;
        }
        let before = mapped.addr().next_multiple_of(HUGE_PAGE) - mapped.addr();
        let after = HUGE_PAGE - before;
        // SAFETY: parts of the mapping just made, at whole pages: what lies
        // before and after the block goes back, the block stays.
        unsafe {
            let start = mapped.byte_add(before);
            if before > 0 {
                libc::munmap(mapped, before);
            }
            if after > 0 {
                libc::munmap(start.byte_add(size), after);
            }
            // A wish: where the system does not grant it, pages are small.
            libc::madvise(start, size, libc::MADV_HUGEPAGE);
            NonNull::new(start.cast())
        }
    }

    /// # Safety
    /// The block was mapped with this size and is not used any more.
    pub(super) unsafe fn unmap(start: NonNull<u8>, size: usize) {
        // SAFETY: as the caller says.
        unsafe { libc::munmap(start.as_ptr().cast(), size) };
    }
}

/// Systems that we know no way to ask: all blocks are ordinary.
#[cfg(not(target_os = "linux"))]
mod huge {
    use super::NonNull;

    pub(super) fn is_for(_bytes: usize) -> bool {
        false
    }

    pub(super) fn map(_size: usize) -> Option<NonNull<u8>> {
        None
    }

    /// # Safety
    /// Never called, as no block was mapped.
    pub(super) unsafe fn unmap(_start: NonNull<u8>, _size: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_zero_and_start_at_a_line() {
        for bytes in [0, 1, 100, HUGE_PAGE - 1, HUGE_PAGE, HUGE_PAGE + 1] {
            let block = Block::new(bytes);
            assert!(block.size() >= bytes);
            assert!(block.start().addr().is_multiple_of(CACHE_LINE));
            // SAFETY: the block holds so many bytes.
            let all = unsafe { std::slice::from_raw_parts(block.start(), block.size()) };
            assert!(all.iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn large_blocks_lie_on_huge_pages() {
        let block = Block::new(16 * HUGE_PAGE);
        assert!(block.start().addr().is_multiple_of(HUGE_PAGE));
        // SAFETY: the block holds so many bytes.
        unsafe { block.start().write_bytes(1, block.size()) };
        let mapping = mapping_of(block.start().addr());
        let Some(flags) = field(&mapping, "VmFlags:") else {
            return eprintln!("NOT TESTED: this system does not say which pages memory lies on");
        };
        let enabled = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
        let Ok(enabled) = enabled else { return eprintln!("NOT TESTED: this system has no huge pages") };
        assert!(flags.contains(" hg"), "huge pages were not asked for: {flags}");
        if enabled.contains("[never]") {
            return eprintln!("NOT TESTED: this system grants no huge pages: {enabled}");
        }
        let huge = field(&mapping, "AnonHugePages:").and_then(|size| size.split_whitespace().next());
        let huge: usize = huge.expect("a size in kB").parse().expect("a number");
        // The system may lack whole huge pages here and there.
        assert!(2 * 1024 * huge >= block.size(), "{huge} kB of {} bytes", block.size());
    }

    /// What `/proc/self/smaps` says of the mapping with this address.
    #[cfg(target_os = "linux")]
    fn mapping_of(address: usize) -> Vec<String> {
        let all = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        let range = |line: &str| {
            let (start, end) = line.split_whitespace().next()?.split_once('-')?;
            Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
        };
        let mut lines =
            all.lines().skip_while(|line| !range(line).is_some_and(|range| range.contains(&address)));
        let head = lines.next().map(String::from);
        head.into_iter().chain(lines.take_while(|line| range(line).is_none()).map(String::from)).collect()
    }

    #[cfg(target_os = "linux")]
    fn field<'a>(mapping: &'a [String], name: &str) -> Option<&'a str> {
        mapping.iter().find_map(|line| line.strip_prefix(name))
    }
}
