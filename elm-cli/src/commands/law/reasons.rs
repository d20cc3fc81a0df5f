//! Why a network is recommended, in sentences.

use super::Laws;
use super::costs::{Costs, readouts};
use super::recommend::{Anchor, Recommendation};

/// Where the recommendation comes from, and what it does not know.
pub(super) fn reasons(
    laws: &Laws,
    anchor: &Anchor,
    costs: &Costs,
    recommendation: &Recommendation,
    exponent: f64,
    measured: [f64; 2],
) -> Vec<String> {
    let [low, high] = anchor.interval;
    let by =
        if anchor.by_theory { "the theory fitted to all runs" } else { "a parabola through the best runs" };
    let mut reasons = vec![format!(
        "at {:.0} parameters, the nearest that were measured, {by} has the optimum at d_m {:.1} ({low:.1} to {high:.1})",
        anchor.budget, anchor.memory
    )];
    reasons.extend(recommendation.extrapolated.then(|| outside(recommendation.budget, measured)));
    reasons.push(match laws.recipe.as_ref() {
        Ok(recipe) => format!(
            "from there d_m ~ N^{exponent:.2}, as at the optima of {} budgets ({:.2} to {:.2})",
            laws.optima.len(),
            recipe.interval[0],
            recipe.interval[1]
        ),
        Err(_) => {
            "from there d_m ~ N^0.5, the published recipe, since one budget shows no exponent; the interval \
            reaches from that to an unchanged d_m"
                .to_string()
        }
    });
    reasons.push("d_h = 2 d_m, as in all published networks".to_string());
    reasons.push(match costs.branches {
        Some([branches, synapses]) if !costs.of_runs => format!(
            "{branches} branches of {synapses} synapses as in the published networks, since the runs do not tell theirs: k_c \
             may be another than that of the runs"
        ),
        Some([branches, _]) => format!(
            "branches and synapses as in the runs; the published recipe d_b = 2 d_h would have {} instead of {branches} \
             branches",
            2 * recommendation.mlp_hidden_units
        ),
        None => "k_e and k_c between those of the runs".to_string(),
    });
    reasons.extend(small_readout(costs));
    reasons
}

fn outside(budget: f64, [least, most]: [f64; 2]) -> String {
    let (way, factor) = if budget < least { ("below", least / budget) } else { ("above", budget / most) };
    let range = if least == most { format!("{least:.0}") } else { format!("{least:.0} to {most:.0}") };
    format!(
        "{budget:.0} parameters lie outside of what was measured ({range}), {factor:.1} times {way}: this is a guess to \
         begin with"
    )
}

/// That the readout is smaller than the published one, if it is.
fn small_readout(costs: &Costs) -> Option<String> {
    let readout = costs.readout?;
    let published = readouts(costs.published)[0];
    (readout != published).then(|| {
        format!(
            "readout neurons of {} branches of {} synapses{}, so that they take at most half of the budget",
            readout.branches,
            readout.synapses_per_branch,
            if readout.head { "" } else { " and no head" }
        )
    })
}
