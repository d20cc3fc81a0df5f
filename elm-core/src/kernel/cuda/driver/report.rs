//! What a kernel takes of a multiprocessor, read from the compiler's log.

use serde::Serialize;

/// Registers and memory of one kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The kernel.
    pub kernel: String,
    /// Registers of a thread.
    pub registers: usize,
    /// Bytes of a thread that do not fit into registers and are written out;
    /// each costs a round to memory in the innermost loop.
    pub spilled_bytes: usize,
    /// Shared memory of a block that is not dynamic, in bytes.
    pub shared_bytes: usize,
}

/// The kernels of a log, in its order.
pub(super) fn usage(log: &str) -> Vec<Usage> {
    let mut kernels: Vec<Usage> = Vec::new();
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let kernel = rest.split('\'').next().unwrap_or_default().to_string();
            kernels.push(Usage { kernel, ..Usage::default() });
        }
        let Some(last) = kernels.last_mut() else { continue };
        if let Some(bytes) = number_before(line, " bytes spill stores") {
            last.spilled_bytes = bytes + number_before(line, " bytes spill loads").unwrap_or(0);
        }
        if let Some(registers) = number_before(line, " registers") {
            last.registers = registers;
            last.shared_bytes = number_before(line, " bytes smem").unwrap_or(0);
        }
    }
    kernels
}

/// The number that stands directly before these words.
fn number_before(line: &str, words: &str) -> Option<usize> {
    let (before, _) = line.split_once(words)?;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NVRTC 13.0 writes it.
    #[test]
    fn registers_and_spills_are_read_from_the_log() {
        let log = "\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'elm_backward' for 'sm_90'
ptxas info    : Function properties for elm_backward
ptxas         .     48 bytes stack frame, 44 bytes spill stores, 52 bytes spill loads
ptxas info    : Used 127 registers, used 1 barriers, 48 bytes cumulative stack size, 16 bytes smem
ptxas info    : Compiling entry function 'elm_forward' for 'sm_90'
ptxas info    : Function properties for elm_forward
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 137 registers, used 1 barriers
";
        let of = |kernel: &str, registers, spilled_bytes, shared_bytes| Usage {
            kernel: kernel.into(),
            registers,
            spilled_bytes,
            shared_bytes,
        };
        assert_eq!(usage(log), [of("elm_backward", 127, 96, 16), of("elm_forward", 137, 0, 0)]);
        assert_eq!(usage("nothing of that kind"), []);
    }
}
