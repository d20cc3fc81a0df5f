//! Closed sets of names: what a setting or an argument may choose from.
//!
//! `names!` writes both directions from one list of variants. Its `match`
//! has an arm for each and no other, so neither a variant without a name nor a
//! name without a variant compiles.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// A closed set whose members have names.
pub trait Named: Copy + PartialEq + Send + Sync + 'static {
    /// All members.
    const ALL: &'static [Self];

    /// The name as users write it.
    fn name(self) -> &'static str;

    /// The member of that name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|member| member.name() == name)
    }
}

/// Reads a command-line argument as a member of a closed set.
pub fn argument<T: Named>() -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(T::ALL.iter().map(|member| member.name()));
    names.try_map(|name| T::named(&name).ok_or_else(|| format!("there is no {name}")))
}

/// Gives names to the variants of an enum: to all of them. The enum is defined
/// beside its names, or, after `for`, elsewhere.
macro_rules! names {
    (for $set:ty { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $crate::config::names::Named for $set {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
    (
        $(#[$about:meta])*
        $vis:vis enum $set:ident { $($(#[$meaning:meta])* $variant:ident = $name:literal),+ $(,)? }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $set {
            $($(#[$meaning])* $variant),+
        }
        names!(for $set { $($variant = $name),+ });
    };
}
pub(crate) use names;
