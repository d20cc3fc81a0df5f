//! Addresses on a page: of folders as seen from it, of bytes inside of it.

use std::path::{Component, Path};

/// The address of a folder relative to that of the page; where there is no way
/// between them, the whole path.
pub(super) fn to_folder(from: &Path, to: &Path) -> String {
    let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
    let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize()) else {
        return encoded(to.to_string_lossy().as_bytes());
    };
    let names = |path: &Path| -> Vec<String> {
        let name = |part: Component<'_>| part.as_os_str().to_string_lossy().into_owned();
        path.components().map(name).collect()
    };
    let (from, to) = (names(&from), names(&to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_string(), from.len() - common);
    let parts: Vec<String> = up.chain(to[common..].iter().map(|name| encoded(name.as_bytes()))).collect();
    parts.join("/") + "/"
}

/// Bytes as addresses have them.
pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => text.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b',' | b':' | b'=' => text.push(char::from(byte)),
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_from_wherever_the_page_is() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for folder in ["sweep/run 1#a", "pages/deep"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        assert_eq!(to_folder(&at("sweep"), &at("sweep/run 1#a")), "run%201%23a/");
        assert_eq!(to_folder(&at("pages/deep"), &at("sweep/run 1#a")), "../../sweep/run%201%23a/");
        assert_eq!(to_folder(&at("pages/deep"), Path::new("/missing here")), "/missing%20here");
    }
}
