//! A compact copy of a published file: spikes sorted by time, without what is
//! not needed, a twentieth of its size.
//!
//! # Layout
//! All numbers are little endian.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `ELMNIO01` |
//! | 8, 8, 8 | length of the published file, when its content and inode were changed |
//! | 4, 4, 4 | segments, time steps `T`, simulations |
//! | | simulation by simulation: |
//! | 4, 4 | input spikes, output spikes |
//! | 4 each | step, channel of an input spike (u16) |
//! | 2 each | step of an output spike |
//! | 4 T | voltage in mV (f32) |
//! | 32 | SHA-256 of all before but the first 32 bytes |

use super::pickled::Pickled;
use super::simulation::{InputSpike, Simulation};
use crate::copies::{Scratch, Stamp, beside};
use crate::digest::hex;
use crate::error::{DataError, Result};
use crate::files::{self, format, io};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

const MAGIC: &[u8; 8] = b"ELMNIO01";
/// Bytes before those that the digest is of.
const STAMP: usize = 32;
const HEADER: usize = STAMP + 12;
const DIGEST: usize = 32;
/// A copy is read as a whole.
const MOST_BYTES: u64 = 4 << 30;

/// A compact copy; its content is read on demand.
pub(super) struct Packed {
    pub path: PathBuf,
    pub stamp: Stamp,
    pub segments: usize,
    pub steps: usize,
    pub simulations: usize,
    /// SHA-256 of the content.
    pub digest: [u8; DIGEST],
    verified: AtomicBool,
}

/// Writes the simulations of a published file.
///
/// # Errors
/// When a simulation is damaged or nothing can be written.
pub(super) fn pack(from: &Pickled, stamp: Stamp, to: &Path) -> Result<()> {
    let mut out = Scratch::create(&beside(to, "partial"))?;
    out.write(MAGIC)?;
    for word in [stamp.len, stamp.modified, stamp.changed] {
        out.write(&word.to_le_bytes())?;
    }
    let mut digest = Sha256::new();
    let mut put = |bytes: &[u8]| {
        digest.update(bytes);
        out.write(bytes)
    };
    for number in [from.segments, from.steps, from.simulations] {
        put(&(number as u32).to_le_bytes())?;
    }
    let mut bytes = Vec::new();
    from.each(|simulation| {
        bytes.clear();
        encode(&simulation, &mut bytes);
        put(&bytes)
    })?;
    let digest = digest.finalize();
    out.write(&digest)?;
    out.keep_as(to)
}

fn encode(simulation: &Simulation, to: &mut Vec<u8>) {
    to.extend((simulation.inputs.len() as u32).to_le_bytes());
    to.extend((simulation.spikes.len() as u32).to_le_bytes());
    for spike in &simulation.inputs {
        to.extend(spike.step.to_le_bytes());
        to.extend(spike.channel.to_le_bytes());
    }
    to.extend(simulation.spikes.iter().flat_map(|step| step.to_le_bytes()));
    to.extend(simulation.voltage.iter().flat_map(|value| value.to_le_bytes()));
}

impl Packed {
    /// Opens a copy; what is in it is looked at when it is read.
    ///
    /// # Errors
    /// When it is none of this version.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (mut file, len) = files::open(path, "a compact copy of NeuronIO")?;
        let known = || format(path, "byte 0", "expected a compact copy of NeuronIO of this version");
        if !((HEADER + DIGEST) as u64..=MOST_BYTES).contains(&len) {
            return Err(known());
        }
        let (mut header, mut digest) = ([0; HEADER], [0; DIGEST]);
        file.read_exact(&mut header)
            .and_then(|()| file.seek(SeekFrom::End(-(DIGEST as i64))))
            .and_then(|_| file.read_exact(&mut digest))
            .map_err(|source| io(path, source))?;
        if &header[..8] != MAGIC {
            return Err(known());
        }
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i])) as usize;
        Ok(Packed {
            path: path.to_path_buf(),
            stamp: Stamp { len: word(8), modified: word(16), changed: word(24) },
            segments: short(32),
            steps: short(36),
            simulations: short(40),
            digest,
            verified: AtomicBool::new(false),
        })
    }

    /// Reads all simulations; compares the digest the first time.
    ///
    /// # Errors
    /// When the copy cannot be read, is damaged or was changed.
    pub(super) fn read(&self) -> Result<Vec<Simulation>> {
        let bytes = files::read(&self.path, "a compact copy of NeuronIO", MOST_BYTES)?;
        let end = bytes.len().saturating_sub(DIGEST);
        let damaged = || format(&self.path, "content", "the copy is damaged; remove it, it is made again");
        let Some((content, digest)) = bytes.get(STAMP..).and_then(|rest| rest.split_at_checked(end - STAMP))
        else {
            return Err(damaged());
        };
        if !self.verified.load(Ordering::Relaxed) {
            let found = Sha256::digest(content);
            if found[..] != *digest || *digest != self.digest {
                let (found, expected) = (hex(&found), hex(&self.digest));
                return Err(DataError::Checksum { path: self.path.clone(), found, expected });
            }
            self.verified.store(true, Ordering::Relaxed);
        }
        let mut rest = content.get(HEADER - STAMP..).ok_or_else(damaged)?;
        let decoded = (0..self.simulations).map(|_| {
            decode(&mut rest, self.steps).filter(|one| is_sound(one, self.steps, 2 * self.segments))
        });
        decoded.collect::<Option<Vec<_>>>().ok_or_else(damaged)
    }
}

/// Are spikes in order, at steps and channels that there are?
fn is_sound(simulation: &Simulation, steps: usize, channels: usize) -> bool {
    let in_range =
        |spike: &InputSpike| usize::from(spike.step) < steps && usize::from(spike.channel) < channels;
    simulation.inputs.is_sorted()
        && simulation.inputs.iter().all(in_range)
        && simulation.spikes.is_sorted()
        && simulation.spikes.last().is_none_or(|&step| usize::from(step) < steps)
}

/// The next simulation; `None` where the bytes end too early.
fn decode(rest: &mut &[u8], steps: usize) -> Option<Simulation> {
    let mut take = |length: usize| {
        let (bytes, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(bytes)
    };
    let counts = take(8)?.as_chunks().0;
    let [inputs, spikes] = [counts.first()?, counts.get(1)?].map(|bytes| u32::from_le_bytes(*bytes) as usize);
    let inputs = take(inputs.checked_mul(4)?)?.as_chunks().0.iter();
    let input = |&[a, b, c, d]: &[u8; 4]| InputSpike {
        step: u16::from_le_bytes([a, b]),
        channel: u16::from_le_bytes([c, d]),
    };
    let inputs = inputs.map(input).collect();
    let spikes = take(spikes.checked_mul(2)?)?.as_chunks().0.iter();
    let spikes = spikes.map(|bytes| u16::from_le_bytes(*bytes)).collect();
    let voltage = take(steps.checked_mul(4)?)?.as_chunks().0.iter();
    let voltage = voltage.map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Some(Simulation { inputs, spikes, voltage })
}
