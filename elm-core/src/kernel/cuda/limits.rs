//! What the kernels cannot do, in words.

use super::plan::Plan;
use super::sizes::Sizes;
use crate::spec::{LayerRun, LayerSpec};

/// Refuses what there are no kernels for.
pub(super) fn options<X, I>(run: &LayerRun<X, I>) -> Result<(), String> {
    if run.want.monitors {
        return Err("copies of every intermediate are not made on the card".into());
    }
    Ok(())
}

/// The same of layers.
pub(super) fn layer(layer: &LayerSpec) -> Result<(), String> {
    if layer.inputs == 0 {
        return Err("a layer without inputs has no kernel".into());
    }
    Ok(())
}

/// Refuses sizes that no plan makes countable, before there is one.
pub(super) fn sizes(sizes: &Sizes) -> Result<(), String> {
    let padded = sizes.b.saturating_add(8 * 4 * 1024);
    countable([
        ("synapses", [sizes.n.saturating_add(1 << 12), sizes.k, sizes.s]),
        ("weights of a neuron", [sizes.weights(), 8, 1]),
        ("states of a neuron", [sizes.carried(), padded, 1]),
        ("inputs of a step", [sizes.c, sizes.b, 1]),
    ])
}

/// Refuses as many steps as cannot be counted or kept.
pub(super) fn steps(plan: &Plan, steps: usize) -> Result<(), String> {
    let (sizes, row) = (&plan.sizes, plan.row());
    countable([("inputs of a step", [sizes.c, row, 1]), ("sequences and steps", [row, steps, 1])])?;
    let rows = sizes.record().max(sizes.delta()).max(sizes.c).max(plan.blocks * 2);
    match product(&[sizes.n.max(sizes.seen_rows()), row, rows, 4, steps.saturating_add(1)]) {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(()),
        _ => Err("no address reaches the records of so many steps".into()),
    }
}

/// Refuses products that 32 bits do not count.
fn countable<const COUNT: usize>(products: [(&str, [usize; 3]); COUNT]) -> Result<(), String> {
    let most = i32::MAX as usize / 2;
    let found = products.iter().find(|(_, factors)| product(factors).is_none_or(|count| count > most));
    found.map_or(Ok(()), |(what, _)| Err(format!("there are too many {what}")))
}

fn product(factors: &[usize]) -> Option<usize> {
    factors.iter().try_fold(1usize, |all, &factor| all.checked_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cuda::driver::Card;
    use crate::model::NetworkOptions;

    fn verdict(inputs: usize, rows: usize, many: usize) -> Result<(), String> {
        let card = Card {
            name: "card".into(),
            multiprocessors: 132,
            shared_bytes: 227 << 10,
            capability: (9, 0),
            drawn: false,
        };
        let network = NetworkOptions::new(inputs, 3).num_hidden(9).resolve().unwrap();
        let all = Sizes::new(&network.layers[0], rows);
        sizes(&all)?;
        steps(&Plan::new(&all, &card)?, many)
    }

    #[test]
    fn what_is_long_or_wide_is_refused_only_where_it_cannot_be_counted() {
        assert_eq!(verdict(70_000, 1, 100), Ok(()));
        assert_eq!(verdict(4, 1, 100_000_000), Ok(()));
        assert!(verdict(4, 8, 1 << 28).unwrap_err().contains("sequences and steps"));
        assert!(verdict(4, 1 << 31, 1).unwrap_err().contains("too many"));
    }
}
