//! The figures of a split as one list, flat in JSON: `{"loss": 0.5, "bpc": 0.72}`.

use super::{Better, Metric};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Metrics with their values, in the order of the task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured(Vec<(Metric, f64)>);

impl Measured {
    /// The list; values that are unknown or not finite are left out.
    pub fn new(values: impl IntoIterator<Item = (Metric, Option<f64>)>) -> Self {
        let known = |(metric, value): (Metric, Option<f64>)| Some((metric, value.filter(|v| v.is_finite())?));
        Measured(values.into_iter().filter_map(known).collect())
    }

    /// The value of a metric.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.iter().find(|(own, _)| *own == metric).map(|(_, value)| value)
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        self.0.iter().copied()
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(metric, value)| (metric.name(), value)))
    }
}

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Measured;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("metrics by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Measured, A::Error> {
                let mut values = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    match Metric::named(&name) {
                        Some(metric) => values.push((metric, map.next_value::<Option<f64>>()?)),
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Measured::new(values))
            }
        }
        deserializer.deserialize_map(Named)
    }
}

/// Loss and metrics of one split.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scores {
    /// Mean loss per prediction in nats, without smoothing and penalties;
    /// `None` (in JSON `null`) when it is not finite.
    pub loss: Option<f64>,
    /// What the task measures.
    #[serde(flatten)]
    pub measured: Measured,
}

/// A figure by which the better of two scores is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// The lower loss.
    Loss,
    /// The better value of a metric.
    Metric(Metric),
}

impl Criterion {
    /// The figure turned so that more is better; an unknown one is worst.
    fn goodness(self, scores: &Scores) -> f64 {
        let (value, better) = match self {
            Criterion::Loss => (scores.loss, Better::Lower),
            Criterion::Metric(metric) => (scores.measured.get(metric), metric.better()),
        };
        match (value, better) {
            (None, _) => f64::NEG_INFINITY,
            (Some(value), Better::Higher) => value,
            (Some(value), Better::Lower) => -value,
        }
    }
}

impl Scores {
    /// Are these better than `other`? The first criterion in which both
    /// differ decides; equal ones are not better.
    pub fn beat(&self, other: &Scores, criteria: &[Criterion]) -> bool {
        let pairs = criteria.iter().map(|criterion| (criterion.goodness(self), criterion.goodness(other)));
        pairs.into_iter().find(|(own, others)| own != others).is_some_and(|(own, others)| own > others)
    }

    /// `loss 1.2345, 1.7810 bpc` or `loss 0.1234, accuracy 95.00 %`.
    pub fn text(&self) -> String {
        let mut text = self.loss.map_or("loss not finite".into(), |loss| format!("loss {loss:.4}"));
        for (metric, value) in self.measured.iter() {
            text += &format!(", {}", metric.text(value));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(loss: Option<f64>, accuracy: Option<f64>) -> Scores {
        Scores { loss, measured: Measured::new([(Metric::Accuracy, accuracy)]) }
    }

    #[test]
    fn the_first_difference_decides() {
        let by = [Criterion::Metric(Metric::Accuracy), Criterion::Loss];
        let old = scores(Some(1.0), Some(0.5));
        assert!(scores(Some(2.0), Some(0.6)).beat(&old, &by));
        assert!(!scores(Some(0.5), Some(0.4)).beat(&old, &by));
        assert!(scores(Some(0.9), Some(0.5)).beat(&old, &by));
        assert!(!old.beat(&old, &by));
        assert!(scores(Some(0.9), Some(0.4)).beat(&old, &[Criterion::Loss]));
        assert!(old.beat(&scores(None, None), &by));
    }

    #[test]
    fn scores_are_flat_in_json() {
        let text = |scores: &Scores| serde_json::to_string(scores).unwrap();
        let both = Scores {
            loss: Some(0.1),
            measured: Measured::new([(Metric::BitsPerCharacter, Some(0.3)), (Metric::Accuracy, None)]),
        };
        assert_eq!(text(&both), r#"{"loss":0.1,"bpc":0.3}"#);
        assert_eq!(text(&scores(None, Some(1.0))), r#"{"loss":null,"accuracy":1.0}"#);
        assert_eq!(both.text(), "loss 0.1000, 0.3000 bpc");
        for scores in [both, scores(None, Some(0.25))] {
            assert_eq!(serde_json::from_str::<Scores>(&text(&scores)).unwrap(), scores);
        }
    }
}
