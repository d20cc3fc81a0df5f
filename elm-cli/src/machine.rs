//! What this machine has to compute with, compared with what is asked for.

mod disk;

pub(crate) use disk::{checkpoint_bytes, has_room};

use crate::answer::tell;
use crate::config::{ConfigError, RunConfig};
use elm_core::device::Device;
use elm_core::model::ModelSpec;
use std::path::Path;

/// Refuses to train what does not fit into memory.
///
/// # Errors
/// With the estimate and what there is.
pub(crate) fn can_train<S: ModelSpec>(config: &RunConfig, model: &S) -> Result<(), ConfigError> {
    let (rows, steps) = (config.training.batch_size, config.time_steps());
    let needed = model.training_memory_bytes(rows, steps, &config.backend_options);
    compare(config, model, "a training step", (rows, steps), needed)
}

/// Refuses to train what can be trained but not be validated or tested here:
/// that would be found out at the end.
///
/// # Errors
/// With the estimate and what there is.
pub(crate) fn can_evaluate<S: ModelSpec>(config: &RunConfig, model: &S) -> Result<(), ConfigError> {
    can_run(config, model, config.training.valid_batch_size.max(config.training.test_batch_size))
}

/// Refuses to run what does not fit into memory, in batches of so many rows.
///
/// # Errors
/// With the estimate and what there is.
pub(crate) fn can_run<S: ModelSpec>(config: &RunConfig, model: &S, rows: usize) -> Result<(), ConfigError> {
    let steps = config.time_steps();
    compare(config, model, "evaluating a batch", (rows, steps), model.inference_memory_bytes(rows, steps))
}

/// Refuses to keep more than fits into memory; `option` is what asked for it.
///
/// # Errors
/// With what is needed and what there is.
pub(crate) fn can_keep(option: &str, needed: u64) -> Result<(), ConfigError> {
    let Some(available) = available().filter(|&available| available < needed) else { return Ok(()) };
    let message =
        format!("needs about {}, but {} of memory are available here", size(needed), size(available));
    Err(ConfigError::of(option, message).help("take fewer"))
}

fn compare<S: ModelSpec>(
    config: &RunConfig,
    model: &S,
    what: &str,
    (rows, steps): (usize, usize),
    needed: u64,
) -> Result<(), ConfigError> {
    let parameters = model.trainable_parameters();
    // A card has memory of its own; the weights come through this machine's.
    let needed = match config.backend_options.device {
        Device::Cpu => needed,
        Device::Cuda(_) => (parameters as u64).saturating_mul(16),
    };
    let Some(available) = available() else { return Ok(()) };
    let told = format!(
        "{what} needs about {} ({parameters} parameters, {rows} sequences of {steps} time steps)",
        size(needed)
    );
    if needed > available {
        let message = format!("{told}, but {} of memory are available here", size(available));
        return Err(config.error_of_size(message).help(
            "take a smaller model, batch or sequence, or a smaller backend.memory_budget; `elm info` estimates",
        ));
    }
    if is_close(needed, available) {
        tell(format_args!("warning: {told}, and only {} of memory are available here", size(available)));
    }
    Ok(())
}

/// Is so much needed that an estimate does not tell whether there is enough?
fn is_close(needed: u64, available: u64) -> bool {
    needed > available / 5 * 4
}

/// Says that the program computes slower than it could, where it does.
pub(crate) fn say_how_it_was_built() {
    if cfg!(debug_assertions) {
        tell("note: this elm was built without --release and is slower than it could be");
    }
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    let units = [("TiB", 1024f64.powi(4)), ("GiB", 1024f64.powi(3)), ("MiB", 1024f64.powi(2))];
    let (unit, one) = units.into_iter().find(|(_, one)| bytes >= *one).unwrap_or(("KiB", 1024.0));
    if bytes / one >= 1e6 {
        format!("{:.1e} {unit}", bytes / one)
    } else {
        format!("{:.1} {unit}", bytes / one)
    }
}

/// Bytes of memory that this process may still take: what the machine has
/// free, and what its control groups and limits leave. `None` where the system
/// does not tell.
fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = of_machine(&read("/proc/meminfo"));
    let groups = of_groups(&read("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"));
    let limit = of_limits(&read("/proc/self/limits"), &read("/proc/self/status"));
    [machine, groups, limit].into_iter().flatten().min()
}

/// Memory that is free or can be freed, and free swap.
fn of_machine(meminfo: &str) -> Option<u64> {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(field("MemAvailable")?.saturating_add(field("SwapFree").unwrap_or(0)))
}

/// The least that the control groups of the process and those above leave.
///
/// `membership` is `/proc/self/cgroup`: a line `0::/path` for the unified
/// hierarchy, `N:memory:/path` for the older one.
fn of_groups(membership: &str, root: &Path) -> Option<u64> {
    let mut least = None;
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, files) = if controllers.is_empty() {
            (root.to_path_buf(), ["memory.max", "memory.current"])
        } else if controllers.split(',').any(|name| name == "memory") {
            (root.join("memory"), ["memory.limit_in_bytes", "memory.usage_in_bytes"])
        } else {
            continue;
        };
        // Inside a container the root is its own group, whatever the path says.
        let group = root.join(path.trim_start_matches('/'));
        let above = group.ancestors().take_while(|folder| folder.starts_with(&root));
        for folder in above.chain([root.as_path()]) {
            least = [least, left_in(folder, files)].into_iter().flatten().min();
        }
    }
    least
}

/// What a group may still take; cached files count as free.
fn left_in(folder: &Path, [limit, usage]: [&str; 2]) -> Option<u64> {
    let number = |name: &str| std::fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let stat = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached =
        |name: &str| stat.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let cached = cached("total_inactive_file ").or(cached("inactive_file ")).unwrap_or(0);
    let used = number(usage)?.saturating_sub(cached);
    Some(number(limit)?.saturating_sub(used))
}

/// What the limit of addresses (`ulimit -v`) leaves.
fn of_limits(limits: &str, status: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let used: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used.saturating_mul(1024)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_and_swap_of_the_machine_count() {
        let text = "MemTotal:  100 kB\nMemAvailable:  40 kB\nSwapFree: 2 kB\n";
        assert_eq!(of_machine(text), Some(42 * 1024));
        assert_eq!(of_machine("MemTotal: 100 kB\n"), None);
    }

    #[test]
    fn the_tightest_control_group_counts_without_what_it_caches() {
        let root = tempfile::tempdir().unwrap();
        let write = |folder: &str, files: &[(&str, &str)]| {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            files
                .iter()
                .for_each(|(name, text)| std::fs::write(root.path().join(folder).join(name), text).unwrap());
        };
        write(
            "jobs",
            &[
                ("memory.max", "1000\n"),
                ("memory.current", "700\n"),
                ("memory.stat", "anon 1\ninactive_file 50\n"),
            ],
        );
        write("jobs/mine", &[("memory.max", "max\n"), ("memory.current", "700\n")]);
        assert_eq!(of_groups("0::/jobs/mine\n", root.path()), Some(350));
        assert_eq!(of_groups("0::/elsewhere\n", root.path()), None);
        write("memory/old", &[("memory.limit_in_bytes", "90\n"), ("memory.usage_in_bytes", "30\n")]);
        assert_eq!(of_groups("9:name=systemd:/\n4:memory,cpu:/old\n0::/jobs/mine\n", root.path()), Some(60));
    }

    #[test]
    fn a_limit_of_addresses_counts() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax address space  4096000  unlimited  bytes\n";
        assert_eq!(of_limits(limits, "VmSize:\t 1000 kB\n"), Some(3_072_000));
        assert_eq!(of_limits("Max address space  unlimited unlimited bytes\n", "VmSize: 1 kB\n"), None);
    }

    #[test]
    fn sizes_are_told_in_fitting_units() {
        let told = [1 << 10, 5 << 20, 3 << 30, 1 << 45, u64::MAX].map(size);
        assert_eq!(told, ["1.0 KiB", "5.0 MiB", "3.0 GiB", "32.0 TiB", "1.7e7 TiB"]);
    }
}
