//! Nvidia's libraries, found when the program runs: a program with CUDA also
//! starts where there is none, and says what is missing when it is needed.

use super::NAME;
use crate::error::{Error, Result};
use libloading::Library as Opened;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable with the folders (`:` between them) in which
/// Nvidia's libraries are looked for before the places that the system knows.
pub const FOLDERS_VARIABLE: &str = "ELM_CUDA_PATH";

/// A library, opened for the life of the process.
#[derive(Clone, Copy)]
pub(super) struct Library {
    opened: &'static Opened,
}

impl Library {
    /// The first of these names that can be opened in one of the places, all
    /// names in the first place before the second. Answers also the place.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the names, the remedy, and why a library
    /// that is there could not be opened.
    pub(super) fn open<'a>(what: &str, names: &[String], places: &'a [Place]) -> Result<(Self, &'a Place)> {
        let mut complaint = String::new();
        for place in places {
            for name in names {
                match Self::at(&place.path(name)) {
                    Ok(library) => return Ok((library, place)),
                    Err(missing) if missing.contains("No such file") => {}
                    Err(other) if complaint.is_empty() => complaint = format!(" ({other})"),
                    Err(_) => {}
                }
            }
        }
        Err(Error::Unsupported {
            what: what.into(),
            backend: NAME.into(),
            reason: format!(
                "none of {} can be opened{complaint}; {FOLDERS_VARIABLE} may name the folder that has it",
                names.join(", "),
            ),
        })
    }

    /// The library at a path, or of a name without folder wherever the system
    /// finds it.
    fn at(path: &Path) -> Result<Self, String> {
        // SAFETY: Nvidia's libraries may be opened at any time and on any
        // thread; they are never closed.
        let opened = unsafe { Opened::new(path) }.map_err(|error| error.to_string())?;
        Ok(Library { opened: Box::leak(Box::new(opened)) })
    }

    /// Opens a library only so that another one, which opens it by its bare
    /// name, is content with the one that is there already.
    pub(super) fn preload(path: &Path) {
        // Where it is not there, the library that wants it says so.
        let _ = Self::at(path);
    }

    /// The function of that name.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the library has none: it is too old.
    ///
    /// # Safety
    /// `F` is a pointer to a function, of the type that this one has.
    pub(super) unsafe fn function<F: Copy>(self, name: &'static str) -> Result<F> {
        // SAFETY: of this type by the caller's word; the library is not closed.
        let found = unsafe { self.opened.get::<F>(name.as_bytes()) };
        found.map(|function| *function).map_err(|error| Error::Unsupported {
            what: format!("this CUDA (it has no {name}: {error})"),
            backend: NAME.into(),
            reason: "CUDA 11.8 or newer is needed".into(),
        })
    }
}

/// Where libraries are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In this folder.
    Folder(PathBuf),
    /// Where the system looks, `LD_LIBRARY_PATH` included.
    System,
}

impl Place {
    /// What to open for a library of that name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        match self {
            Place::Folder(folder) => folder.join(name),
            Place::System => name.into(),
        }
    }

    /// All places in their order, from what an environment variable holds:
    /// the folders of [`FOLDERS_VARIABLE`], the system's, those of toolkits.
    pub(super) fn all(variable: impl Fn(&str) -> Option<OsString>) -> Vec<Place> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut places: Vec<Place> = Vec::new();
        if let Some(given) = set(FOLDERS_VARIABLE) {
            let folders = std::env::split_paths(&given).filter(|folder| !folder.as_os_str().is_empty());
            places.extend(folders.map(Place::Folder));
        }
        places.push(Place::System);
        let homes = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(set).map(PathBuf::from);
        for home in homes.chain([PathBuf::from("/usr/local/cuda")]) {
            places.extend(["lib64", "lib"].map(|lib| Place::Folder(home.join(lib))));
        }
        places
    }
}

/// A table of a library's functions under their own names.
macro_rules! functions {
    ($(#[$doc:meta])* $table:ident { $($name:ident($($argument:ty),*) -> $answer:ty;)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case, reason = "they are called as the library calls them")]
        pub(super) struct $table {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) -> $answer,)*
        }

        impl $table {
            /// # Safety
            /// The library is the one whose functions these are.
            unsafe fn of(library: Library) -> Result<Self> {
                // SAFETY: the types are those of the library's header.
                Ok($table { $($name: unsafe { library.function(stringify!($name)) }?,)* })
            }
        }
    };
}
pub(super) use functions;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_looked_for_where_the_user_says_then_the_system_then_in_toolkits() {
        let set = |name: &str| match name {
            FOLDERS_VARIABLE => Some("/mine::/yours".into()),
            "CUDA_HOME" => Some("/toolkit".into()),
            _ => None,
        };
        let folder = |name: &str| Place::Folder(name.into());
        let mut wanted = vec![folder("/mine"), folder("/yours"), Place::System];
        wanted.extend(["/toolkit/lib64", "/toolkit/lib"].map(folder));
        wanted.extend(["/usr/local/cuda/lib64", "/usr/local/cuda/lib"].map(folder));
        assert_eq!(Place::all(set), wanted);
    }

    #[test]
    fn a_library_that_is_not_there_is_named_with_the_variable_that_helps() {
        let names = ["libnothing.so.13".to_string(), "libnothing.so.12".to_string()];
        let places = [Place::Folder("/nowhere".into()), Place::System];
        let Err(error) = Library::open("compiling for a card", &names, &places) else {
            panic!("it is there")
        };
        let said = error.to_string();
        for part in ["compiling for a card", "libnothing.so.13, libnothing.so.12", FOLDERS_VARIABLE] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_function_that_a_library_lacks_is_named() {
        let (library, _) = Library::open("C", &["libc.so.6".into()], &[Place::System]).unwrap();
        // SAFETY: there is none of that name.
        let found = unsafe { library.function::<unsafe extern "C" fn()>("cuLaunchKernelEx") };
        assert!(found.unwrap_err().to_string().contains("cuLaunchKernelEx"));
    }
}
