//! Spikes that come after the time steps of a recording, which nothing sees.

use super::file::SpikeFile;
use super::recording::Binning;
use crate::error::Result;
use crate::files::format;

/// A recording that lasts longer than this is taken for one in another unit;
/// utterances last a second or two.
const LONGEST: f32 = 10.0;

/// How many spikes of some recordings come too late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Late {
    /// Spikes that are dropped.
    spikes: u64,
    /// Spikes there are.
    of: u64,
    /// Recordings that lose some.
    recordings: usize,
    /// Median over the recordings of their latest time in seconds.
    typical: f32,
    /// The latest time of all in seconds.
    latest: f32,
}

impl Late {
    /// Counts them.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub(super) fn count(file: &SpikeFile, rows: &[u32], binning: &Binning) -> Result<Self> {
        let mut ends = Vec::with_capacity(rows.len());
        let mut late = Late { spikes: 0, of: 0, recordings: 0, typical: 0.0, latest: 0.0 };
        for &row in rows {
            let (spikes, end) = file.extent(row as usize);
            late.of += spikes;
            late.latest = late.latest.max(end);
            if spikes > 0 {
                ends.push(end);
            }
            if f64::from(end) >= binning.end() {
                let times = file.read(row as usize)?.times;
                late.spikes += times.iter().filter(|&&time| f64::from(time) >= binning.end()).count() as u64;
                late.recordings += 1;
            }
        }
        ends.sort_unstable_by(f32::total_cmp);
        late.typical = ends.get(ends.len() / 2).copied().unwrap_or(0.0);
        Ok(late)
    }

    /// A word on what is dropped, where anything is.
    ///
    /// # Errors
    /// [`DataError::Format`](crate::DataError::Format) when that is most of the
    /// spikes: their times are in another unit, or the recordings too long.
    pub(super) fn note(&self, file: &SpikeFile, split: &str, end: f64) -> Result<Option<String>> {
        if self.spikes == 0 {
            return Ok(None);
        }
        let share = 100.0 * self.spikes as f64 / self.of as f64;
        let found = format!(
            "{} of {} spikes ({share:.1} %) come at {end} s or later, the latest at {} s",
            self.spikes, self.of, self.latest
        );
        if 2 * self.spikes < self.of {
            let recordings = self.recordings;
            return Ok(Some(format!("{split}: {found}; they are dropped, in {recordings} recordings")));
        }
        let advice = match self.unit() {
            Some((unit, divisor)) => format!(
                "the times look like {unit}, but SHD has seconds: divide spikes/times by {divisor} \
                 and write the file again"
            ),
            None => format!("only the first {end} s are looked at: cut the recordings into such pieces"),
        };
        Err(format(file.path(), "spikes/times", format!("{split}: {found}; {advice}")))
    }

    /// The unit that the times seem to have, and how many of it are a second.
    fn unit(&self) -> Option<(&'static str, u64)> {
        let units = [("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)];
        let plausible = |divisor: u64| self.typical / divisor as f32 <= LONGEST;
        if plausible(1) { None } else { units.into_iter().find(|&(_, divisor)| plausible(divisor)) }
    }
}
