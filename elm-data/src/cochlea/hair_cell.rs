//! An inner hair cell: how much transmitter it releases (Meddis 1986, with the
//! constants of Meddis, Hewitt and Shackleton 1990 for high spontaneous rates).

/// Permeability of the cell's membrane: `G (s + A) / (s + A + B)`.
const A: f64 = 5.0;
const B: f64 = 300.0;
const G: f64 = 2000.0;
/// Replenishment, loss, return to the cell, and reprocessing, per second.
const Y: f64 = 5.05;
const L: f64 = 2500.0;
const R: f64 = 6580.0;
const X: f64 = 66.31;
/// Releases per second and unit of transmitter in the cleft.
const H: f64 = 50_000.0;

/// Transmitter free in the cell, in the cleft, and being reprocessed, as
/// shares of a full store.
#[derive(Debug, Clone)]
pub(super) struct HairCell {
    free: f64,
    cleft: f64,
    reprocessed: f64,
}

impl HairCell {
    /// A cell that has been in silence for long.
    pub(super) fn in_silence() -> Self {
        let k = G * A / (A + B);
        let cleft = Y * k / (L * k + Y * (L + R));
        HairCell { free: cleft * (L + R) / k, cleft, reprocessed: cleft * R / X }
    }

    /// Releases per second while the membrane moves so far for `seconds`.
    #[inline]
    pub(super) fn step(&mut self, movement: f64, seconds: f64) -> f64 {
        let open = (movement + A).max(0.0);
        let k = G * open / (open + B);
        let (eject, lost, taken_up) = (k * self.free, L * self.cleft, R * self.cleft);
        let reprocessed = X * self.reprocessed;
        self.free += seconds * (Y * (1.0 - self.free) + reprocessed - eject);
        self.cleft += seconds * (eject - lost - taken_up);
        self.reprocessed += seconds * (taken_up - reprocessed);
        H * self.cleft
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_changes_nothing_and_sound_releases_more_at_first() {
        let mut cell = HairCell::in_silence();
        let (quiet, dt) = (H * cell.cleft, 1.0 / 48_000.0);
        for _ in 0..48_000 {
            assert!((cell.step(0.0, dt) - quiet).abs() < 1e-6 * quiet);
        }
        assert!((20.0..120.0).contains(&quiet), "{quiet} per second");
        let loud: Vec<f64> = (0..9600).map(|_| cell.step(100.0, dt)).collect();
        let onset = loud[..480].iter().copied().fold(0.0, f64::max);
        assert!(onset > 3.0 * quiet && loud[9599] < 0.6 * onset, "{quiet} {onset} {}", loud[9599]);
    }
}
