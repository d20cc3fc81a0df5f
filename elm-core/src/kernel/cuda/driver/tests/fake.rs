//! Libraries that say what they were asked.

use super::super::library::Place;
use super::super::nvidia::Nvidia;
use std::ffi::{CStr, c_char, c_int};
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

const SOURCE: &str = include_str!("fake.c");

/// A fake driver and compiler, of its own for each test.
pub(super) struct Fake {
    folder: tempfile::TempDir,
    driver: libloading::Library,
}

impl Fake {
    /// `None`, said aloud, where there is no C compiler.
    pub(super) fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let [driver, compiler] = ["libcuda.so.1", "libnvrtc.so.13"].map(|name| folder.path().join(name));
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-x", "c", "-", "-o"]).arg(&driver).stdin(Stdio::piped());
        let mut cc = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skipped("there is no cc; what is asked of Nvidia's driver is not tested");
                return None;
            }
            started => started.unwrap(),
        };
        cc.stdin.take().unwrap().write_all(SOURCE.as_bytes()).unwrap();
        assert!(cc.wait().unwrap().success());
        std::os::unix::fs::symlink(&driver, compiler).unwrap();
        // SAFETY: opening it runs nothing.
        let driver = unsafe { libloading::Library::new(driver) }.unwrap();
        Some(Fake { folder, driver })
    }

    pub(super) fn open(&self) -> Nvidia {
        Nvidia::open_at(0, &self.places()).unwrap()
    }

    pub(super) fn places(&self) -> [Place; 1] {
        [Place::Folder(self.folder.path().into())]
    }

    /// What it was asked since the start, a line each.
    pub(super) fn calls(&self) -> Vec<String> {
        // SAFETY: the type is that of the source; it answers a C string.
        let text = unsafe {
            let calls = self.driver.get::<unsafe extern "C" fn() -> *const c_char>("fake_calls").unwrap();
            CStr::from_ptr(calls())
        };
        text.to_str().unwrap().lines().map(String::from).collect()
    }

    /// Changes an attribute of the card, before it is opened.
    pub(super) fn attribute(&self, attribute: c_int, value: c_int) {
        // SAFETY: the type is that of the source.
        unsafe {
            let set = self.driver.get::<unsafe extern "C" fn(c_int, c_int)>("fake_attribute").unwrap();
            set(attribute, value);
        }
    }

    /// Changes how many blocks of a multiprocessor and how many clusters can
    /// run at once.
    pub(super) fn room(&self, blocks: c_int, clusters: c_int) {
        // SAFETY: the type is that of the source.
        unsafe {
            let set = self.driver.get::<unsafe extern "C" fn(c_int, c_int)>("fake_room").unwrap();
            set(blocks, clusters);
        }
    }
}

/// Past the capture of passing tests, so that it is seen.
pub(super) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
