//! `elm data list`.

use crate::answer::{Exit, print};
use anyhow::Result;
use elm_data::catalog::PUBLISHED;
use serde_json::json;

/// Prints the catalogue.
pub(super) fn run(json: bool) -> Result<Exit> {
    let document: Vec<_> = PUBLISHED
        .iter()
        .map(|set| {
            json!({
                "kind": set.kind, "title": set.title, "files": set.files,
                "source": set.source, "samples": set.samples,
            })
        })
        .collect();
    print(json, &document, || {
        let of_set = |set: &elm_data::catalog::Published| {
            format!(
                "{}\n  {}\n  files    {}\n  samples  {}\n  from     {}\n",
                set.kind, set.title, set.files, set.samples, set.source
            )
        };
        let made = "digits, digits_adding\n  made-up spiking digits; nothing is read\n";
        PUBLISHED.iter().map(of_set).chain([made.to_string()]).collect()
    })?;
    Ok(Exit::Done)
}
