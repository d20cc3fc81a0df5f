//! What `elm law` answers, as a document.

use super::Recommendation;
use crate::config::names::{Named, names};
use serde::{Serialize, Serializer};

/// The document that `--json` prints. Values are those of the metric; what is
/// fitted to a loss says of what in `of`.
#[derive(Debug, Clone, Serialize)]
pub struct LawReport {
    /// The tables that were read.
    pub tables: Vec<String>,
    /// What was learned, if it is known.
    pub task: Option<&'static str>,
    /// The figure of merit.
    pub metric: String,
    /// The column by which allocations are compared.
    pub chosen_on: String,
    /// The column whose values are reported.
    pub reported_on: String,
    /// The best allocation of every budget with three numbers of neurons.
    pub optimum: Vec<BestAllocation>,
    /// Allocations that none with fewer parameters beats.
    pub front: Vec<Measured>,
    /// Allocations that none with fewer operations beats.
    pub front_flops: Vec<Measured>,
    /// How the loss falls with size.
    pub power_law: Option<PowerLawReport>,
    /// Why there is no power law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How memory units grow with neurons.
    pub recipe: Option<RecipeReport>,
    /// Why there is no recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe_reason: Option<String>,
    /// The information-theoretic model.
    pub theory: Option<TheoryReport>,
    /// Why there is no theory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theory_reason: Option<String>,
    /// With `--budget`.
    pub recommendation: Option<Recommendation>,
    /// What was left out or assumed.
    pub notes: Vec<String>,
    /// Files written with `--out`.
    pub files: Vec<String>,
}

/// The best split of a budget.
#[derive(Debug, Clone, Serialize)]
pub struct BestAllocation {
    /// Trainable parameters.
    pub budget: f64,
    /// Memory units, from a parabola in the logarithm of neurons.
    pub num_memory: Option<f64>,
    /// Neurons, likewise.
    pub num_neurons: f64,
    /// Value of the best measured allocation.
    pub value: f64,
    /// 90 % interval of `num_memory`.
    pub interval: Option<[f64; 2]>,
    /// 90 % interval of `num_neurons`.
    pub neurons_interval: [f64; 2],
    /// Memory units from monotone flanks, which assume no form of the valley.
    pub flanks: Option<f64>,
    /// 90 % interval of `flanks`.
    pub flanks_interval: Option<[f64; 2]>,
    /// The best measured allocation.
    pub measured: Measured,
    /// The optimum may lie beyond the allocations measured.
    pub at_edge: bool,
}

/// A measured allocation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Memory units.
    pub num_memory: Option<f64>,
    /// Neurons.
    pub num_neurons: f64,
    /// Trainable parameters.
    pub trainable_parameters: f64,
    /// Operations for one time step of one sample.
    pub flops: Option<f64>,
    /// Mean of the metric over runs.
    pub value: f64,
    /// Runs that differ in their seed only.
    pub runs: usize,
}

/// `L(P) = l_inf + a P^-alpha`.
#[derive(Debug, Clone, Serialize)]
pub struct PowerLawReport {
    /// What `L` is.
    pub of: String,
    /// The loss that no size goes below.
    pub l_inf: f64,
    /// Factor at `P = 1`.
    pub a: f64,
    /// Exponent.
    pub alpha: f64,
    /// 90 % intervals.
    pub intervals: PowerLawIntervals,
    /// Root of the mean squared residual.
    pub rms_error: f64,
}

/// 90 % intervals of a power law.
#[derive(Debug, Clone, Serialize)]
pub struct PowerLawIntervals {
    /// Of `l_inf`.
    pub l_inf: [f64; 2],
    /// Of `a`.
    pub a: [f64; 2],
    /// Of `alpha`.
    pub alpha: [f64; 2],
}

/// `d_m ∝ N^exponent`.
#[derive(Debug, Clone, Serialize)]
pub struct RecipeReport {
    /// The exponent.
    pub exponent: f64,
    /// 90 % interval.
    pub interval: [f64; 2],
}

/// The fitted model and what it says.
#[derive(Debug, Clone, Serialize)]
pub struct TheoryReport {
    /// What its loss is.
    pub of: String,
    /// Fitted numbers.
    pub parameters: TheoryParameters,
    /// Root of the mean squared residual, in the unit of the metric.
    pub rms_error: f64,
    /// The best allocation of every measured budget.
    pub optimum: Vec<TheoryOptimum>,
    /// Every measured allocation.
    pub points: Vec<TheoryPointReport>,
}

/// Fitted numbers of the theory; `elm_core::theory` has the formula.
#[derive(Debug, Clone, Serialize)]
pub struct TheoryParameters {
    /// Correlation of two neurons.
    pub correlation: f64,
    /// Signal-to-noise ratio of endless complexity.
    pub snr_max: f64,
    /// Complexity of half of it.
    pub complexity_half: f64,
    /// Steepness of the rise.
    pub steepness: f64,
    /// Floor of the loss.
    pub l_inf: f64,
    /// Loss at one nat above it.
    pub a: f64,
    /// Exponent of the information.
    pub gamma: f64,
}

/// The best split of a budget by the theory.
#[derive(Debug, Clone, Serialize)]
pub struct TheoryOptimum {
    /// Trainable parameters.
    pub budget: f64,
    /// Memory units.
    pub num_memory: Option<f64>,
    /// Neurons.
    pub num_neurons: f64,
    /// 90 % interval of `num_memory`.
    pub interval: Option<[f64; 2]>,
    /// Value to expect.
    pub predicted: f64,
    /// 90 % interval of `predicted`.
    pub predicted_interval: [f64; 2],
}

/// A measured allocation and what the theory says about it.
#[derive(Debug, Clone, Serialize)]
pub struct TheoryPointReport {
    /// The allocation.
    #[serde(flatten)]
    pub measured: Measured,
    /// Fitted value.
    pub predicted: f64,
    /// Signal-to-noise ratio of a neuron.
    pub snr: f64,
    /// Share of what neurons tell that is told more than once.
    pub redundancy: f64,
    /// What holds it back.
    pub limit: LimitName,
}

names! {
    /// What holds a network back at its budget.
    pub enum LimitName {
        /// Neurons repeat each other.
        Redundancy = "redundancy",
        /// Neurons are too simple to say anything clear.
        Noise = "noise",
        /// Complexity has saturated.
        Saturation = "saturation",
    }
}

impl Serialize for LimitName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
