//! From what a sweep varies to the combinations of values.

use super::axis::{Axis, MOST};
use super::file::{Block, SweepFile, Variant};
use super::recipe::Recipe;
use super::solve::Solve;
use crate::config::ConfigError;
use crate::config::document::{self, Entries, Entry};
use std::path::Path;

/// One combination, not yet with what follows from it.
pub struct Combination<'f> {
    /// Of which variant.
    pub variant: Option<&'f Variant>,
    /// The configuration to start from.
    pub config: &'f Path,
    /// What is set.
    pub settings: Entries,
    /// The keys of it that vary.
    pub varied: Vec<String>,
    /// What follows.
    pub recipes: Vec<&'f Recipe>,
    /// What fills the budget, and the budget.
    pub solve: Option<(&'f Solve, &'f (u64, Entry))>,
}

/// All combinations in the order of the file, the first axis the slowest.
///
/// # Errors
/// When there are too many.
pub fn combinations(file: &SweepFile) -> Result<Vec<Combination<'_>>, ConfigError> {
    let mut all = Vec::new();
    if file.variants.is_empty() {
        all.extend(of_variant(file, None)?);
    }
    for variant in &file.variants {
        all.extend(of_variant(file, Some(variant))?);
    }
    Ok(all)
}

fn of_variant<'f>(
    file: &'f SweepFile,
    variant: Option<&'f Variant>,
) -> Result<Vec<Combination<'f>>, ConfigError> {
    let none = Block::default();
    let own: &Block = variant.map_or(&none, |variant| &variant.block);
    let taken: Vec<&str> = own.keys().into_iter().map(|(key, _)| key).collect();
    let mut settings = file.whole.set.clone();
    settings.retain(|key, _| !taken.contains(&key.as_str()));
    document::merge(&mut settings, own.set.clone());
    let mut axes: Vec<Axis> = file.whole.axes.iter().filter_map(|axis| without(axis, &taken)).collect();
    axes.extend(own.axes.iter().filter_map(|axis| without(axis, &[])));
    let recipes = file.whole.recipes.iter().filter(|recipe| !taken.contains(&recipe.key.as_str()));
    let recipes: Vec<&Recipe> = match variant {
        Some(variant) => recipes.chain(&variant.block.recipes).collect(),
        None => recipes.collect(),
    };
    let of_all = file.whole.solve.as_ref().filter(|solve| !taken.contains(&solve.key.as_str()));
    let solve = variant.and_then(|variant| variant.block.solve.as_ref()).or(of_all);
    let budgets: Vec<_> = match solve {
        Some(solve) => solve.budgets.iter().map(|budget| Some((solve, budget))).collect(),
        None => vec![None],
    };
    let seeds = file.seeds.as_ref().map_or(1, Vec::len);
    let sizes = axes.iter().map(|axis| axis.choices.len()).chain([budgets.len(), seeds]);
    if sizes.fold(1usize, usize::saturating_mul) > MOST {
        return Err(ConfigError::of(&file.source.name, format!("these are more than {MOST} runs")));
    }
    let config = variant.and_then(|variant| variant.block.config.as_ref()).or(file.whole.config.as_ref());
    let Some((config, _)) = config else { return Ok(Vec::new()) };
    let mut varied: Vec<String> = axes.iter().flat_map(Axis::keys).map(|(key, _)| key.into()).collect();
    varied.extend(solve.map(|solve| solve.key.clone()));
    let mut all = Vec::new();
    for settings in products(settings, &axes) {
        for solve in &budgets {
            let (settings, varied, recipes) = (settings.clone(), varied.clone(), recipes.clone());
            all.push(Combination { variant, config, settings, varied, recipes, solve: *solve });
        }
    }
    Ok(all)
}

/// An axis without some keys, if anything is left of it.
fn without(axis: &Axis, keys: &[&str]) -> Option<Axis> {
    let mut choices = axis.choices.clone();
    choices.iter_mut().for_each(|choice| choice.retain(|key, _| !keys.contains(&key.as_str())));
    choices.first().is_some_and(|choice| !choice.is_empty()).then_some(Axis { choices })
}

/// The settings with every combination of choices.
fn products(settings: Entries, axes: &[Axis]) -> Vec<Entries> {
    axes.iter().fold(vec![settings], |before, axis| {
        let with = |settings: &Entries, choice: &Entries| {
            let mut settings = settings.clone();
            document::merge(&mut settings, choice.clone());
            settings
        };
        before.iter().flat_map(|one| axis.choices.iter().map(move |choice| with(one, choice))).collect()
    })
}
