//! The settings of a run on a page, and where each value comes from.

use super::page::{cell, key, table};
use crate::config::effective::{Effective, EffectiveSettings};
use maud::{Markup, html};

/// Those that somebody chose, and all of them to be opened.
pub(super) fn of(settings: &EffectiveSettings) -> Option<Markup> {
    let is_set = |(_, setting): &(&String, &Effective)| setting.value.is_some();
    let all: Vec<(&String, &Effective)> = settings.iter().filter(is_set).collect();
    let chosen: Vec<(&String, &Effective)> =
        all.iter().filter(|(_, setting)| !setting.is_default()).copied().collect();
    if all.is_empty() {
        return None;
    }
    Some(html! {
        @if chosen.is_empty() {
            p class="quiet" { "Every setting has its default." }
        } @else {
            (rows(&chosen))
        }
        details {
            summary { "All " (all.len()) " settings with their defaults" }
            (rows(&all))
        }
    })
}

fn rows(settings: &[(&String, &Effective)]) -> Markup {
    let row = |(name, setting): &(&String, &Effective)| {
        let value = setting.value.as_deref().unwrap_or_default();
        vec![
            key(name),
            html! { td class={ @if value.len() > 24 { "long" } @else { "short" } } { code { (value) } } },
            cell(&setting.origin),
        ]
    };
    let head = ["setting", "value", "from"].map(String::from);
    table(&head, &settings.iter().map(row).collect::<Vec<_>>())
}
