//! `[regularizer]`: a table for each penalty.

use super::names::{Named, names};
use super::place::ConfigError;
use super::ranges::{Flag, Layers, not_negative};
use super::section::{Key, Section, path, settings};
use super::settings::Settings;
use elm_core::train::{Penalty, Regularizer};

names! {
    for Penalty { NeuronMlpMagnitude = "mlp_magnitude", PopulationActivity = "population_activity" }
}

settings! {
    /// One penalty.
    struct PenaltyConfig {
        /// layers whose MLP magnitude (mean activity) is penalised
        layers: Vec<usize> = Layers, vec![0];
        /// weight of the penalty
        strength: f64 = not_negative(), 0.0;
        /// times the number of neurons
        proportional: bool = Flag, false;
    }
}

/// The penalties that have a weight.
pub(super) struct Regularizers(pub(super) Vec<Regularizer>);

impl Section for Regularizers {
    type Given = ();

    fn keys(table: &str) -> Vec<Key> {
        Penalty::ALL.iter().flat_map(|penalty| PenaltyConfig::keys(&path(table, penalty.name()))).collect()
    }

    fn read(settings: &Settings, table: &str, (): ()) -> Result<Self, ConfigError> {
        let mut weighted = Vec::new();
        for &penalty in Penalty::ALL {
            let own = PenaltyConfig::read(settings, &path(table, penalty.name()), ())?;
            let PenaltyConfig { layers, strength, proportional } = own;
            if strength > 0.0 {
                weighted.push(Regularizer { penalty, layers, strength, proportional });
            }
        }
        Ok(Regularizers(weighted))
    }

    fn values(&self, table: &str) -> Vec<(String, Option<String>)> {
        let weighted = self.0.iter().flat_map(|regularizer| {
            let Regularizer { penalty, layers, strength, proportional } = regularizer.clone();
            PenaltyConfig { layers, strength, proportional }.values(&path(table, penalty.name()))
        });
        weighted.collect()
    }
}

/// Checks that a network of so many layers has those of every penalty, also of
/// those without weight.
///
/// # Errors
/// At the layers of a penalty that are not there.
pub(super) fn check_layers(settings: &Settings, count: usize) -> Result<(), ConfigError> {
    for penalty in Penalty::ALL {
        let key = format!("regularizer.{}.layers", penalty.name());
        let layers = settings.get(&key, &Layers)?.unwrap_or_default();
        if let Some(missing) = layers.iter().find(|&&layer| layer >= count) {
            let message = format!("there is no layer {missing}: the network has {count}");
            return Err(settings.error(&key, message));
        }
    }
    Ok(())
}
