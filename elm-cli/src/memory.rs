//! The memory of this process: how the C library keeps it, and what the system
//! counts.

/// Lets the C library keep what was freed instead of giving it back.
///
/// A training step frees tensors of megabytes and asks for the same again.
/// glibc maps those from the system each time and unmaps them afterwards, which
/// costs a page fault for every 4 KiB: some ten thousand a step.
pub(crate) fn keep_what_is_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Larger ones are mapped after all; glibc takes no higher threshold.
        const MAPPED_FROM: libc::c_int = 32 << 20;
        /// Free memory at the end of the heap that is kept.
        const KEPT: libc::c_int = 1 << 30;
        // SAFETY: the calls set parameters of `malloc` under its own lock.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }
}

/// Pages that the system has handed to this process so far; `None` where it
/// does not count them.
pub(crate) fn page_faults() -> Option<u64> {
    #[cfg(unix)]
    {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the pointer is valid for the struct that the call fills.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) } != 0;
        // SAFETY: all of the struct is plain numbers, for which zeroes are valid.
        let usage = unsafe { usage.assume_init() };
        if failed { None } else { u64::try_from(usage.ru_minflt).ok() }
    }
    #[cfg(not(unix))]
    None
}

/// The largest resident size of the process in bytes, where the system tells.
pub(crate) fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}
