//! TensorBoard events: scalars as length-prefixed, checksummed protobuf
//! records. The two message types are written by hand; a protobuf library
//! would be larger than everything here.

use super::metrics::MetricsLine;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// An events file, open for appending.
pub struct Events {
    path: PathBuf,
    file: File,
    length: u64,
}

/// How far a file of events had been written when a checkpoint was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsMark {
    /// Name of the file in the run folder.
    file: String,
    /// Its length in bytes.
    bytes: u64,
}

const NAME: &str = "events.out.tfevents.";

impl Events {
    /// Starts a new file in a run folder; TensorBoard joins those of a run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(run: &Path) -> Result<Self> {
        let path = run.join(format!("{NAME}{:.6}.elm", now()));
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut events = Events { path, file, length: 0 };
        let mut version = double(1, now());
        version.extend(bytes(3, b"brain.Event:2"));
        events.write(&version)?;
        Ok(events)
    }

    /// Starts a new file for a run that continues after `step` updates, and
    /// takes away what was written after the checkpoint it continues from: no
    /// step is shown twice. A running TensorBoard, which has read that already,
    /// is told to forget it.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn resume(run: &Path, step: u64, mark: Option<&EventsMark>) -> Result<Self> {
        if let Some(mark) = mark {
            cut(run, mark).with_context(|| format!("cannot cut the events in {}", run.display()))?;
        }
        let mut events = Events::create(run)?;
        // `step` itself was written before the checkpoint.
        let mut start = double(1, now());
        start.push(2 << 3);
        start.extend(varint(step + 1));
        start.extend(bytes(7, &[1 << 3, 1])); // SessionLog with status START
        events.write(&start)?;
        Ok(events)
    }

    /// How far the file is written.
    pub fn mark(&self) -> EventsMark {
        let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        EventsMark { file, bytes: self.length }
    }

    /// Writes the figures of a line of metrics as `split/name`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, line: &MetricsLine) -> Result<()> {
        let before = [("loss", line.loss), ("objective", line.objective)];
        let measured = line.measured.iter().map(|(metric, value)| (metric.name(), Some(value)));
        let after = [
            ("learning_rate", line.learning_rate),
            ("gradient_norm", line.gradient_norm),
            ("steps_per_second", line.steps_per_second),
        ];
        let mut summary = Vec::new();
        for (name, value) in before.into_iter().chain(measured).chain(after) {
            let Some(value) = value else { continue };
            let mut scalar = bytes(1, format!("{}/{name}", line.split).as_bytes());
            scalar.push((2 << 3) | 5);
            scalar.extend((value as f32).to_le_bytes());
            summary.extend(bytes(1, &scalar));
        }
        let mut event = double(1, now());
        event.push(2 << 3);
        event.extend(varint(line.step));
        event.extend(bytes(5, &summary));
        self.write(&event)
    }

    fn write(&mut self, event: &[u8]) -> Result<()> {
        let record = record(event);
        self.file.write_all(&record).with_context(|| format!("cannot write {}", self.path.display()))?;
        self.length += record.len() as u64;
        Ok(())
    }
}

/// Cuts a file of events to its mark and removes the later ones, whose names
/// hold the time they were made.
fn cut(run: &Path, mark: &EventsMark) -> std::io::Result<()> {
    for entry in std::fs::read_dir(run)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(NAME) else { continue };
        if name == mark.file {
            let file = File::options().write(true).open(entry.path())?;
            file.set_len(mark.bytes.min(file.metadata()?.len()))?;
        } else if rest.ends_with(".elm") && name > mark.file {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A TFRecord: length, its checksum, data, its checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let masked =
        |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A length-delimited field.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![(field << 3) | 2];
    out.extend(varint(content.len() as u64));
    out.extend_from_slice(content);
    out
}

/// A field of 64-bit float.
fn double(field: u8, value: f64) -> Vec<u8> {
    let mut out = vec![(field << 3) | 1];
    out.extend(value.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first record of a file written by the tensorboard package, whose
    /// wall time was 1.0.
    #[test]
    fn a_record_has_the_known_frame() {
        let mut version = double(1, 1.0);
        version.extend(bytes(3, b"brain.Event:2"));
        let written = record(&version);
        assert_eq!(written[..8], 24u64.to_le_bytes());
        assert_eq!(written[8..12], [0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(written.len(), 8 + 4 + 24 + 4);
    }

    #[test]
    fn a_resumed_run_keeps_the_events_up_to_its_checkpoint_and_no_later_ones() {
        let run = tempfile::tempdir().unwrap();
        let length = |name: &str| std::fs::metadata(run.path().join(name)).map_or(0, |file| file.len());
        let mut events = Events::create(run.path()).unwrap();
        let mark = events.mark();
        events.write(&double(1, 2.0)).unwrap();
        drop(events);
        let later = format!("{NAME}9{:.6}.elm", now());
        std::fs::write(run.path().join(&later), "later").unwrap();
        std::fs::write(run.path().join("events.out.tfevents.9.other"), "of another program").unwrap();
        let resumed = Events::resume(run.path(), 5, Some(&mark)).unwrap();
        assert_eq!(length(&mark.file), mark.bytes);
        assert!(!run.path().join(&later).exists());
        assert!(run.path().join("events.out.tfevents.9.other").exists());
        // Version and session log.
        assert_eq!(length(&resumed.mark().file), mark.bytes + 16 + 9 + 2 + 4);
    }

    #[test]
    fn numbers_are_cut_into_sevens() {
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(varint(0), [0]);
    }
}
