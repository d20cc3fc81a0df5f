//! Events of a unit, the intervals between them, and how their number varies.

/// What is an event of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Every step with a value above 0: the spikes of a spiking neuron.
    ActiveStep,
    /// A step with a value above 0 after one without: a graded neuron begins to
    /// act.
    Onset,
}

/// Steps of the events in a sequence of values; the step before the first has
/// none.
pub fn event_times(values: impl Iterator<Item = f64>, event: Event) -> Vec<usize> {
    let mut before = false;
    let mut times = Vec::new();
    for (step, value) in values.enumerate() {
        let active = value > 0.0;
        if active && !(before && event == Event::Onset) {
            times.push(step);
        }
        before = active;
    }
    times
}

/// Steps between consecutive events.
pub fn intervals(times: &[usize]) -> Vec<usize> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Number of events in each window of so many steps, one after the other; what
/// remains at the end is no window.
pub fn counts(times: &[usize], steps: usize, window: usize) -> Vec<u32> {
    let mut counts = vec![0; steps.checked_div(window).unwrap_or(0)];
    for &time in times {
        if let Some(count) = counts.get_mut(time / window.max(1)) {
            *count += 1;
        }
    }
    counts
}

/// How much the number of events varies from window to window: 1 of events at
/// random (a Poisson process), 0 of perfectly regular ones, above 1 of bursts.
/// `None` with fewer than two windows, or without an event.
///
/// # Equation
/// `F = var(n) / mean(n)`, with the unbiased variance.
pub fn fano_factor(counts: &[u32]) -> Option<f64> {
    let (mean, variance) = moments(counts.iter().map(|&count| f64::from(count)))?;
    (mean > 0.0).then(|| variance / mean)
}

/// How irregular intervals are: 1 of a Poisson process, 0 of a clock. `None`
/// with fewer than two intervals.
///
/// # Equation
/// `CV = sd / mean`, with the unbiased variance.
pub fn coefficient_of_variation(intervals: &[usize]) -> Option<f64> {
    let (mean, variance) = moments(intervals.iter().map(|&interval| interval as f64))?;
    (mean > 0.0).then(|| variance.sqrt() / mean)
}

/// Mean and unbiased variance of at least two numbers.
fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let count = values.clone().count();
    if count < 2 {
        return None;
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    let squares = values.map(|value| (value - mean).powi(2)).sum::<f64>();
    Some((mean, squares / (count - 1) as f64))
}
