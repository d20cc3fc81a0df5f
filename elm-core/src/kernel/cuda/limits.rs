//! What the kernels cannot do, in words.

use super::plan::Plan;
use super::sizes::Sizes;
use crate::spec::LayerRun;

/// Refuses what there are no kernels for.
pub(super) fn options<X, I>(run: &LayerRun<X, I>) -> Result<(), String> {
    if run.want.monitors {
        return Err("copies of every intermediate are not made on the card".into());
    }
    if run.layer.inputs == 0 {
        return Err("a layer without inputs has no kernel".into());
    }
    Ok(())
}

/// Refuses sizes whose places 32 bits do not count.
pub(super) fn sizes(sizes: &Sizes, steps: usize) -> Result<(), String> {
    let all = |factors: &[usize]| factors.iter().try_fold(1usize, |all, &factor| all.checked_mul(factor));
    let padded = sizes.b.saturating_add(8 * 4 * 1024);
    for (what, factors) in [
        ("synapses", vec![sizes.n.saturating_add(1 << 12), sizes.k, sizes.s]),
        ("weights of a neuron", vec![sizes.weights(), 8]),
        ("states of a neuron", vec![sizes.carried(), padded]),
        ("inputs of a step", vec![sizes.c, padded]),
        ("sequences and steps", vec![padded, steps]),
    ] {
        if all(&factors).is_none_or(|count| count > i32::MAX as usize / 2) {
            return Err(format!("there are too many {what}"));
        }
    }
    Ok(())
}

/// Refuses records that no address reaches.
pub(super) fn records(plan: &Plan, steps: usize) -> Result<(), String> {
    let rows = plan.sizes.record().max(plan.sizes.delta()).max(plan.sizes.c).max(plan.blocks * 2);
    let all = [plan.sizes.n.max(plan.sizes.seen_rows()), plan.row(), rows, 4];
    match all.iter().try_fold(steps.saturating_add(1), |all, &factor| all.checked_mul(factor)) {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(()),
        _ => Err("no address reaches the records of so many steps".into()),
    }
}
