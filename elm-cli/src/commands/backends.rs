//! `elm backends`: what this program can compute with here.

use elm_core::device::BackendReport;
use std::fmt::Write;

/// The reports as text for people.
pub fn table(reports: &[BackendReport]) -> String {
    let mut text = String::new();
    for report in reports {
        let _ = writeln!(text, "{} ({})", report.name, report.version);
        for device in &report.devices {
            let usable = if device.usable { "usable" } else { "not usable" };
            let _ = writeln!(text, "  {:<8} {usable}: {}", device.device, device.detail);
            if let Some(remedy) = &device.remedy {
                let _ = writeln!(text, "           {remedy}");
            }
        }
    }
    text
}
