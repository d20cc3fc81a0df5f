//! What a run said: notes and warnings first, then its log.

use crate::run::found::tail;
use maud::{Markup, html};
use std::path::Path;

/// Bytes of the end of a log that are shown.
const MOST: u64 = 64 << 10;
/// How lines begin that somebody should read.
const REMARKS: [&str; 3] = ["warning:", "note:", "error:"];

/// The section; `None` where nothing was said.
pub(super) fn of(run: &Path) -> Option<Markup> {
    let [log, output] = ["log.txt", "output.txt"].map(|name| tail(&run.join(name), MOST));
    let mut remarks: Vec<&str> = Vec::new();
    for line in log.lines().chain(output.lines()) {
        if REMARKS.iter().any(|start| line.starts_with(start)) && !remarks.contains(&line) {
            remarks.push(line);
        }
    }
    if log.is_empty() && remarks.is_empty() {
        return None;
    }
    Some(html! {
        @for remark in remarks { p { (remark) } }
        details {
            summary { "log.txt" }
            pre { (log) }
        }
    })
}
