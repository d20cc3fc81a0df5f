//! The table `[slurm]` of a sweep file.

use crate::config::ConfigError;
use crate::config::document::{self, Entry, Value};
use crate::sweep::tables::Tables;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// What the runs of a sweep ask of the cluster; what is not given is as the
/// cluster has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Partition, or several with commas between.
    pub partition: Option<String>,
    /// Account that pays.
    pub account: Option<String>,
    /// Longest time of a run before it is requeued, as Slurm writes it.
    pub time: Option<String>,
    /// Memory of a run, with its unit.
    pub memory: Option<String>,
    /// Graphics cards of a run: a number, or `kind:number`.
    pub gpus: Option<String>,
    /// Most runs at a time.
    pub at_once: Option<u64>,
    /// Further lines of the script: `#SBATCH …` or commands.
    pub lines: Vec<String>,
}

const KEYS: [&str; 7] = ["partition", "account", "time", "memory", "gpus", "at_once", "lines"];

/// Options that the program needs to be as it sets them.
const OWN: [&str; 12] = [
    "--array",
    "-a",
    "--job-name",
    "-J",
    "--output",
    "-o",
    "--error",
    "-e",
    "--open-mode",
    "--chdir",
    "-D",
    "--no-requeue",
];

/// A task is told to save one to two minutes before its time is over.
const LEAST_MINUTES: u64 = 3;

impl Options {
    /// The table, if there is one.
    pub(in crate::sweep) fn read(tables: &Tables<'_>, top: &DeTable<'_>) -> Result<Self, ConfigError> {
        let Some((table, _)) = tables.table(top, "slurm")? else { return Ok(Options::default()) };
        tables.check_keys(table, "slurm.", &KEYS)?;
        let one = |key: &str, of: fn(&Entry) -> Result<String, ConfigError>| {
            tables.entry(table, key)?.as_ref().map(of).transpose()
        };
        Ok(Options {
            partition: one("partition", word)?,
            account: one("account", word)?,
            time: one("time", time)?,
            memory: one("memory", memory)?,
            gpus: one("gpus", gpus)?,
            at_once: tables.entry(table, "at_once")?.as_ref().map(at_once).transpose()?,
            lines: match table.get("lines").map(|value| value.get_ref()) {
                Some(DeValue::Array(items)) if items.is_empty() => Vec::new(),
                _ => tables
                    .list(table, "lines")?
                    .unwrap_or_default()
                    .iter()
                    .map(line)
                    .collect::<Result<_, _>>()?,
            },
        })
    }

    /// The same of a file, whatever else stands in it: a sweep's folder keeps
    /// its file, but not the configurations that it names.
    ///
    /// # Errors
    /// [`ConfigError`] at the place of what is wrong.
    pub fn of_file(path: &Path) -> Result<Self, ConfigError> {
        let source = document::read_source(path, document::SET_BESIDE)?;
        let document = DeTable::parse(&source.text).map_err(|error| document::toml_error(&source, &error))?;
        Self::read(&Tables::new(&source), document.get_ref())
    }
}

fn wrong(entry: &Entry, message: &str) -> ConfigError {
    ConfigError::at(&entry.value_place, message)
}

/// A name, as `#SBATCH` takes it without quotation marks.
fn word(entry: &Entry) -> Result<String, ConfigError> {
    match &entry.value {
        Value::Text(text) if is_word(text) => Ok(text.clone()),
        Value::Text(_) => Err(wrong(entry, "this is no name: letters, digits and _-.,:@+/ are taken")),
        other => Err(wrong(entry, &format!("a name is a string, not {}", other.kind()))),
    }
}

fn is_word(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    starts && text.chars().all(|c| c.is_alphanumeric() || "_-.,:@+/".contains(c))
}

fn time(entry: &Entry) -> Result<String, ConfigError> {
    let text = match &entry.value {
        Value::Integer(minutes) => minutes.to_string(),
        Value::Text(text) => text.trim().to_string(),
        _ => String::new(),
    };
    match minutes(&text) {
        Some(minutes) if minutes >= LEAST_MINUTES => Ok(text),
        Some(_) => {
            let message =
                format!("runs save up to two minutes before the end: at least {LEAST_MINUTES} are needed");
            Err(wrong(entry, &message).help("a run that is longer than this is requeued and goes on"))
        }
        None => Err(wrong(entry, "this is no time")
            .help("\"8:00:00\" (hours), \"2-12\" (days-hours), or a number of minutes")),
    }
}

/// Minutes of a time as Slurm writes it: `m`, `m:s`, `h:m:s`, `d-h`, `d-h:m`,
/// `d-h:m:s`, or without an end.
fn minutes(text: &str) -> Option<u64> {
    if ["unlimited", "infinite"].contains(&text.to_lowercase().as_str()) {
        return Some(u64::MAX);
    }
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let number = |text: &str| match text.chars().all(|c| c.is_ascii_digit()) {
        true => text.parse::<u64>().ok(),
        false => None,
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes) = match (days, &parts[..]) {
        (None, [minutes] | [minutes, _]) => (0, *minutes),
        (None, [hours, minutes, _]) => (*hours, *minutes),
        (Some(_), [hours]) => (*hours, 0),
        (Some(_), [hours, minutes] | [hours, minutes, _]) => (*hours, *minutes),
        _ => return None,
    };
    let days = days.map_or(Some(0), number)?;
    days.checked_mul(24)?.checked_add(hours)?.checked_mul(60)?.checked_add(minutes)
}

fn memory(entry: &Entry) -> Result<String, ConfigError> {
    let size = |text: &str| {
        let digits = text.strip_suffix(['K', 'M', 'G', 'T'])?;
        let is_number = digits.chars().all(|c| c.is_ascii_digit());
        is_number.then(|| digits.parse::<u32>().ok()).flatten().filter(|number| *number > 0)
    };
    match &entry.value {
        Value::Text(text) if size(text).is_some() => Ok(text.clone()),
        _ => Err(wrong(entry, "memory is a size with its unit").help("\"500M\" or \"4G\"")),
    }
}

fn gpus(entry: &Entry) -> Result<String, ConfigError> {
    let is_number = |text: &str| text.parse::<u16>().is_ok_and(|number| number > 0);
    match &entry.value {
        Value::Integer(number) if (1..=1000).contains(number) => Ok(number.to_string()),
        Value::Text(text) if is_word(text) && is_number(text.rsplit(':').next().unwrap_or_default()) => {
            Ok(text.clone())
        }
        _ => Err(wrong(entry, "gpus takes how many a run needs").help("1, or with a kind \"a100:1\"")),
    }
}

fn at_once(entry: &Entry) -> Result<u64, ConfigError> {
    match entry.value {
        Value::Integer(number) if (1..=1_000_000).contains(&number) => Ok(number as u64),
        _ => Err(wrong(entry, "at_once takes the most runs at a time, at least 1")),
    }
}

fn line(entry: &Entry) -> Result<String, ConfigError> {
    let Value::Text(text) = &entry.value else {
        return Err(wrong(entry, &format!("a line of the script is a string, not {}", entry.value.kind())));
    };
    if text.contains(|c: char| c.is_control() && c != '\t') {
        return Err(wrong(entry, "this is more than one line"));
    }
    if text.starts_with('-') {
        return Err(
            wrong(entry, "an option of sbatch begins with #SBATCH").help(format!("\"#SBATCH {text}\""))
        );
    }
    if let Some(option) = text.strip_prefix("#SBATCH") {
        let name = option.trim_start().split(['=', ' ', '\t']).next().unwrap_or_default();
        if OWN.contains(&name) {
            return Err(wrong(entry, &format!("{name} is set by the program, which relies on it")));
        }
    }
    Ok(text.clone())
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn times_are_read_as_slurm_reads_them() {
        let told = ["90", "90:30", "2:30:00", "1-0", "1-2:30", "1-2:30:59", "UNLIMITED"].map(minutes);
        let told = told.map(Option::unwrap);
        assert_eq!(told, [90, 90, 150, 1440, 1590, 1590, u64::MAX]);
        for wrong in ["", "-", "1-", "-1", "1:2:3:4", "ten", "1h", "+5", "99999999999999999999"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
