//! A setting in one place: its name, meaning, type, range and default, and the
//! field it ends up in, declared together by `settings!`.
//!
//! A declaration of a section,
//! ```text
//! settings! {
//!     /// When to save.
//!     pub struct CheckpointConfig {
//!         /// save after so many updates, besides every validation
//!         every_steps: Option<u64> = count(1), None, "none";
//!         /// save after so many minutes
//!         every_minutes: f64 = positive(), 5.0;
//!     }
//! }
//! ```
//! reads: field and key `every_minutes` takes what [`ranges::positive`] takes
//! and is 5.0 where it is not given. A default is shown as it is; one that
//! depends on something, or is absent, is followed by words that say so. It
//! may use the fields above it and what follows `given`. A setting that counts
//! only with some values of others ends in `=> [conditions]`, see
//! `config::conditions`.
//!
//! `struct` makes a type of the section. `for` fills a type of another crate,
//! so that neither a field without a setting nor a setting without a field
//! compiles. Fields under `with` are no settings but follow from them.
//!
//! `sections!` joins sections with the tables they stand in. Reading a
//! configuration and listing its keys go through the same declaration, so a
//! key that is listed is read, and one that is read is listed.
//!
//! [`ranges::positive`]: super::ranges::positive

use super::conditions::Condition;
use super::document::Entry;
use super::place::ConfigError;
use super::ranges::Takes;
use super::settings::Settings;

/// A key of the configuration.
pub struct Key {
    /// Its dotted path.
    pub path: String,
    /// What it means.
    pub meaning: &'static str,
    /// What values it takes, in words.
    pub takes: String,
    /// What holds when it is not given: a value as in TOML, or words.
    pub default: String,
    /// What other settings have to be for it to have an effect.
    pub(super) counts: Vec<Condition>,
    /// Checks a value and completes it: paths become absolute.
    pub(super) check: fn(&str, &mut Entry) -> Result<(), ConfigError>,
}

impl Key {
    /// Does it take whole numbers only?
    pub(crate) fn is_whole(&self) -> bool {
        self.takes.starts_with("an integer")
    }
}

/// Settings that belong together.
pub trait Section: Sized {
    /// What their defaults depend on beside each other.
    type Given;

    /// The keys in a table of that name.
    fn keys(table: &str) -> Vec<Key>;

    /// The settings of that table.
    ///
    /// # Errors
    /// At a value that its key does not take.
    fn read(settings: &Settings, table: &str, given: Self::Given) -> Result<Self, ConfigError>;

    /// The keys of that table with the values that hold, as TOML has them;
    /// `None` where no value is set.
    fn values(&self, table: &str) -> Vec<(String, Option<String>)>;
}

/// What a field holds of the value `V` that its key takes.
pub trait Holds<V> {
    /// The value, if there is one.
    fn held(&self) -> Option<&V>;
}

impl<V> Holds<V> for V {
    fn held(&self) -> Option<&V> {
        Some(self)
    }
}

impl<V> Holds<V> for Option<V> {
    fn held(&self) -> Option<&V> {
        self.as_ref()
    }
}

/// What a field holds, as TOML has it.
pub(super) fn shown<R: Takes>(range: &R, field: &impl Holds<R::Value>) -> Option<String> {
    field.held().map(|value| range.show(value))
}

/// The path of a key in a table.
pub(super) fn path(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_string() } else { format!("{table}.{name}") }
}

/// Declares a section, see the [module](self).
macro_rules! settings {
    (
        $(#[$about:meta])*
        $vis:vis struct $section:ident $(given ($given:ident: $context:ty))? {
            $($(#[doc = $meaning:literal])+ $name:ident: $type:ty = $range:expr, $default:expr $(, $words:expr)? $(=> $counts:expr)?;)*
        }
        $(with { $($(#[doc = $note:literal])+ $more:ident: $more_type:ty = $value:expr;)* })?
    ) => {
        $(#[$about])*
        $vis struct $section {
            $($(#[doc = $meaning])+ pub $name: $type,)*
            $($($(#[doc = $note])+ pub $more: $more_type,)*)?
        }
        $crate::config::section::settings! {
            for $section $(given ($given: $context))? {
                $($(#[doc = $meaning])+ $name: $type = $range, $default $(, $words)? $(=> $counts)?;)*
            }
            $(with { $($(#[doc = $note])+ $more: $more_type = $value;)* })?
        }
    };
    (
        for $section:ident $(given ($given:ident: $context:ty))? {
            $($(#[doc = $meaning:literal])+ $name:ident: $type:ty = $range:expr, $default:expr $(, $words:expr)? $(=> $counts:expr)?;)*
        }
        $(with { $($(#[doc = $note:literal])+ $more:ident: $more_type:ty = $value:expr;)* })?
    ) => {
        #[allow(unused_parens)] // around a single `given`
        impl $crate::config::section::Section for $section {
            type Given = ($($context)?);

            fn keys(table: &str) -> Vec<$crate::config::section::Key> {
                vec![$($crate::config::section::Key {
                    path: $crate::config::section::path(table, stringify!($name)),
                    meaning: concat!($($meaning),+).trim(),
                    takes: $crate::config::ranges::Takes::words(&$range),
                    default: $crate::config::section::default_words!($range, $default $(, $words)?),
                    counts: $crate::config::section::conditions!($($counts)?),
                    check: |path, entry| $crate::config::settings::check_value(path, entry, &$range),
                }),*]
            }

            fn read(
                settings: &$crate::config::settings::Settings,
                table: &str,
                ($($given)?): ($($context)?),
            ) -> Result<Self, $crate::config::place::ConfigError> {
                $(let $name: $type = {
                    let path = $crate::config::section::path(table, stringify!($name));
                    match settings.get(&path, &$range)? {
                        Some(value) => <$type>::from(value),
                        None => $default,
                    }
                };)*
                $($(let $more: $more_type = $value;)*)?
                Ok($section { $($name,)* $($($more,)*)? })
            }

            fn values(&self, table: &str) -> Vec<(String, Option<String>)> {
                vec![$((
                    $crate::config::section::path(table, stringify!($name)),
                    $crate::config::section::shown(&$range, &self.$name),
                )),*]
            }
        }
    };
}
pub(crate) use settings;

/// Words where there are some, else the default itself.
macro_rules! default_words {
    ($range:expr, $default:expr) => {
        $crate::config::ranges::Takes::show(&$range, &$default)
    };
    ($range:expr, $default:expr, $words:expr) => {
        String::from($words)
    };
}
pub(crate) use default_words;

/// Those that are given; a setting without any always counts.
macro_rules! conditions {
    () => {
        Vec::new()
    };
    ($counts:expr) => {
        Vec::from($counts)
    };
}
pub(crate) use conditions;

/// Joins sections: each with its table, relative to the whole, and with what
/// its defaults depend on, which may come from those above it. `settings` is
/// the name by which those expressions reach the [`Settings`].
macro_rules! sections {
    (
        $(#[$about:meta])*
        $vis:vis struct $whole:ident from $settings:ident {
            $($field:ident: $section:ty, in $table:expr $(, given $given:expr)?;)*
        }
    ) => {
        $(#[$about])*
        $vis struct $whole {
            $($field: $section,)*
        }
        $crate::config::section::sections! {
            for $whole from $settings {
                $($field: $section, in $table $(, given $given)?;)*
            }
        }
    };
    (
        for $whole:ident from $settings:ident {
            $($field:ident: $section:ty, in $table:expr $(, given $given:expr)?;)*
        }
    ) => {
        impl $crate::config::section::Section for $whole {
            type Given = ();

            fn keys(table: &str) -> Vec<$crate::config::section::Key> {
                let mut keys = Vec::new();
                $(keys.extend(<$section as $crate::config::section::Section>::keys(&$crate::config::section::path(table, $table)));)*
                keys
            }

            fn read(
                $settings: &$crate::config::settings::Settings,
                table: &str,
                (): (),
            ) -> Result<Self, $crate::config::place::ConfigError> {
                $(let $field = <$section as $crate::config::section::Section>::read(
                    $settings,
                    &$crate::config::section::path(table, $table),
                    ($($given)?),
                )?;)*
                Ok($whole { $($field,)* })
            }

            fn values(&self, table: &str) -> Vec<(String, Option<String>)> {
                let mut values = Vec::new();
                $(values.extend(self.$field.values(&$crate::config::section::path(table, $table)));)*
                values
            }
        }
    };
}
pub(crate) use sections;
