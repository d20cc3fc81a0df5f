//! TOML files and `--set` arguments as one flat list of settings, each with
//! the place it came from.

use super::paths;
use super::place::{ConfigError, Place, Source};
use super::ranges::Problem;
use super::resolved::is_resolved;
use serde_spanned::Spanned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// The value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number; seeds have up to 64 bits and no sign.
    Integer(i128),
    /// A number with a fraction, or not finite.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// A date or time, which no setting takes.
    Date,
}

impl Value {
    /// What the value is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Date => "a date",
        }
    }
}

/// A setting: its value and where key and value stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Where the key stands.
    pub key_place: Place,
    /// Where the value stands.
    pub value_place: Place,
}

/// Settings by dotted key; later ones replace earlier ones.
pub type Entries = BTreeMap<String, Entry>;

/// Most files of a chain of `extends`; each is open in memory while the next
/// one is read.
const MAX_DEPTH: usize = 100;

/// Reads a file and all that it extends.
///
/// # Errors
/// When a file cannot be read or is not TOML.
pub fn read_file(path: &Path) -> Result<Entries, ConfigError> {
    read_extending(path, &mut Vec::new())
}

fn read_extending(path: &Path, chain: &mut Vec<PathBuf>) -> Result<Entries, ConfigError> {
    // Bases rank below what extends them.
    let source = read_source(path, MAX_DEPTH.saturating_sub(chain.len() + 1))?;
    let name = source.name.clone();
    let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if chain.contains(&identity) {
        return Err(ConfigError::of(name, "this file extends itself, directly or through others"));
    }
    if chain.len() >= MAX_DEPTH {
        let message = format!("a chain of more than {MAX_DEPTH} files that extend each other ends here");
        return Err(ConfigError::of(name, message));
    }
    chain.push(identity);
    let mut own = parse(&source)?;
    let mut entries = match own.remove("extends") {
        None => Entries::new(),
        Some(Entry { value: Value::Text(base), value_place, .. }) => {
            let base = file_named(&source, &base, "the file to extend")
                .map_err(|message| ConfigError::at(&value_place, message))?;
            read_extending(&base, chain)?
        }
        Some(other) => {
            let message = format!("extends takes a file name, not {}", other.value.kind());
            return Err(ConfigError::at(&other.value_place, message));
        }
    };
    merge(&mut entries, own);
    Ok(entries)
}

/// The file that a text of a source names, relative to it; `what` says what it
/// is for.
///
/// # Errors
/// In words, when it is not there.
pub(crate) fn file_named(source: &Source, base: &str, what: &str) -> Result<PathBuf, String> {
    let expanded = paths::expand(base, paths::variable).map_err(|problem| match problem {
        Problem::Other(message) => message,
        Problem::Type | Problem::Range(..) => "this is no path".into(),
    })?;
    let path = source.folder.join(&expanded.text);
    if path.is_file() {
        return Ok(path);
    }
    Err(match expanded.unset {
        Some(name) => format!("{what} is not there: the environment variable {name} is not set"),
        None => format!("{what} is not there: {}", path.display()),
    })
}

/// Larger files are taken for something else.
const LARGEST: u64 = 1 << 24;

/// The rank of settings that are set beside a configuration: above that of all
/// files.
pub(crate) const SET_BESIDE: usize = MAX_DEPTH;

/// Reads a file that settings stand in, among others; its rank as in
/// [`Source::rank`].
///
/// # Errors
/// When it cannot be read or is not text.
pub(crate) fn read_source(path: &Path, rank: usize) -> Result<Arc<Source>, ConfigError> {
    let name = path.display().to_string();
    let text = read_text(path, &name)?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let resolved = is_resolved(&text);
    Ok(Arc::new(Source { name, text, folder, rank, resolved }))
}

fn read_text(path: &Path, name: &str) -> Result<String, ConfigError> {
    if path.is_dir() {
        return Err(ConfigError::of(name, "this is a folder; a configuration is a TOML file"));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such configuration file".to_string(),
            _ => format!("cannot read the configuration: {error}"),
        };
        ConfigError::of(name, message)
    })?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("this is no configuration: it goes on beyond {LARGEST} bytes");
        return Err(ConfigError::of(name, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ConfigError::of(name, format!("not a text file: byte {at} is not UTF-8"))
    })
}

/// Replaces settings by later ones. A value takes the place of a whole table
/// of that name, and a table that of a value.
pub fn merge(entries: &mut Entries, later: Entries) {
    for key in later.keys() {
        let below = format!("{key}.");
        entries.retain(|other, _| !other.starts_with(&below) && !key.starts_with(&format!("{other}.")));
    }
    entries.extend(later);
}

/// Parses a TOML source into flat settings.
///
/// # Errors
/// When it is not TOML, with the place.
pub fn parse(source: &Arc<Source>) -> Result<Entries, ConfigError> {
    let table = DeTable::parse(&source.text).map_err(|error| toml_error(source, &error))?;
    settings_of(source, table.get_ref())
}

/// The settings of a table, by dotted key.
///
/// # Errors
/// At a value that no setting has.
pub(crate) fn settings_of(source: &Arc<Source>, table: &DeTable<'_>) -> Result<Entries, ConfigError> {
    let mut entries = Entries::new();
    flatten(source, "", table, 0, &mut entries)?;
    Ok(entries)
}

/// A single value, which is no table, under a key that stands elsewhere.
///
/// # Errors
/// When no setting has such a value.
pub(crate) fn entry_of(
    source: &Arc<Source>,
    key_place: &Place,
    value: &Spanned<DeValue<'_>>,
) -> Result<Entry, ConfigError> {
    let value_place = Place { source: source.clone(), span: value.span() };
    let value = convert(value.get_ref()).map_err(|message| ConfigError::at(&value_place, message))?;
    Ok(Entry { value, key_place: key_place.clone(), value_place })
}

/// Parses the `number`-th `--set` argument, `key=value`; the value is TOML,
/// else a plain string.
///
/// # Errors
/// When there is no key or no `=`.
pub fn parse_set(argument: &str, number: usize) -> Result<Entries, ConfigError> {
    let source = Arc::new(Source {
        name: format!("--set #{number}"),
        text: argument.to_string(),
        folder: PathBuf::new(),
        rank: SET_BESIDE + number,
        resolved: false,
    });
    let place = |span| Place { source: source.clone(), span };
    let Some((key, text)) = argument.split_once('=') else {
        let error = ConfigError::at(&place(0..argument.len()), "a --set argument is key=value");
        return Err(error.help("for example --set training.learning_rate=1e-3"));
    };
    let name = key.trim();
    let is_key =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if !name.split('.').all(is_key) {
        return Err(ConfigError::at(
            &place(0..key.len().max(1)),
            "not a key: dotted names are expected before =",
        ));
    }
    // Spaces around the value are the shell's or the reader's, not its own.
    let offset = key.len() + 1 + (text.len() - text.trim_start().len());
    let text = text.trim();
    let mut entries = Entries::new();
    let key_place = place(0..key.len());
    match DeValue::parse(text) {
        Ok(value) => insert(&source, name, &key_place, &value, offset, &mut entries)?,
        Err(_) => {
            let value = Value::Text(text.to_string());
            let value_place = place(offset..offset + text.len());
            entries.insert(name.into(), Entry { value, key_place, value_place });
        }
    }
    Ok(entries)
}

pub(crate) fn toml_error(source: &Arc<Source>, error: &toml::de::Error) -> ConfigError {
    let place = Place { source: source.clone(), span: error.span().unwrap_or(0..0) };
    ConfigError::at(&place, format!("not valid TOML: {}", error.message()))
}

fn flatten(
    source: &Arc<Source>,
    prefix: &str,
    table: &DeTable<'_>,
    offset: usize,
    entries: &mut Entries,
) -> Result<(), ConfigError> {
    for (key, value) in table.iter() {
        let name =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let span = key.span();
        let key_place = Place { source: source.clone(), span: span.start + offset..span.end + offset };
        insert(source, &name, &key_place, value, offset, entries)?;
    }
    Ok(())
}

fn insert(
    source: &Arc<Source>,
    name: &str,
    key_place: &Place,
    value: &Spanned<DeValue<'_>>,
    offset: usize,
    entries: &mut Entries,
) -> Result<(), ConfigError> {
    if let DeValue::Table(table) = value.get_ref() {
        return flatten(source, name, table, offset, entries);
    }
    let span = value.span();
    let value_place = Place { source: source.clone(), span: span.start + offset..span.end + offset };
    let value = convert(value.get_ref()).map_err(|message| ConfigError::at(&value_place, message))?;
    entries.insert(name.into(), Entry { value, key_place: key_place.clone(), value_place });
    Ok(())
}

fn convert(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => Value::Integer(
            i128::from_str_radix(digits.as_str(), digits.radix())
                .map_err(|_| format!("{digits} does not fit into 64 bits"))?,
        ),
        DeValue::Float(digits) => {
            Value::Number(digits.as_str().parse().map_err(|_| format!("{digits} is not a number"))?)
        }
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| convert(item.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Datetime(_) => Value::Date,
        DeValue::Table(_) => return Err("a table cannot stand in a list here".into()),
    })
}
