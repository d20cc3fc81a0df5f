//! What a person sees while something runs: one line (or, of several things at
//! once, several) that is written over and over on a terminal, a line now and
//! then elsewhere. Always on stderr, and nobody minds whether it can be written.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Lines appear at most this often where they stay.
const QUIET: Duration = Duration::from_secs(10);
/// And where they are written over.
const FRAME: Duration = Duration::from_millis(100);
/// Columns of a terminal that does not tell.
const COLUMNS: usize = 80;
/// Columns of the bar.
const BAR: std::ops::RangeInclusive<usize> = 8..=28;

/// Lines that stand on the terminal to be written over. There is one terminal,
/// whoever writes to it.
static STANDING: AtomicUsize = AtomicUsize::new(0);

/// Takes the lines away that are written over, so that another one can stay.
pub(crate) fn make_room() {
    let lines = STANDING.swap(0, Ordering::Relaxed);
    if lines > 0 {
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", "\x1b[1A\x1b[K".repeat(lines - 1));
    }
}

/// Progress of one activity. Of several the one that was updated last is seen.
pub struct Progress {
    name: String,
    total: u64,
    start: u64,
    began: Instant,
    last: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// Starts at `done` of `total`; a total of 0 means unknown.
    pub fn new(name: &str, done: u64, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let began = Instant::now();
        // Where lines stay, an activity that is soon over has none.
        let last = (!terminal).then_some(began);
        Progress { name: name.into(), total, start: done, began, last, terminal }
    }

    /// Says how far things are; `message` is made only when it is shown.
    pub fn update(&mut self, done: u64, message: impl FnOnce() -> String) {
        let pause = if self.terminal { FRAME } else { QUIET };
        let ends = self.terminal && done == self.total;
        if self.last.is_some_and(|last| last.elapsed() < pause) && !ends {
            return;
        }
        self.last = Some(Instant::now());
        let state = State {
            name: &self.name,
            done,
            total: self.total,
            start: self.start,
            seconds: self.began.elapsed().as_secs_f64(),
            message: message(),
        };
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", state.in_columns(columns()));
            STANDING.store(1, Ordering::Relaxed);
        } else {
            crate::answer::tell(state.in_words());
        }
    }

    /// Prints a line that stays.
    pub fn line(&self, text: &str) {
        crate::answer::tell(text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        make_room();
    }
}

/// Several lines that are written over together; nothing but on a terminal.
pub(crate) struct Board {
    terminal: bool,
    last: Option<Instant>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Board { terminal: std::io::stderr().is_terminal(), last: None }
    }

    /// Are lines written over?
    pub(crate) fn is_seen(&self) -> bool {
        self.terminal
    }

    /// Is it time for other lines?
    pub(crate) fn is_due(&self) -> bool {
        self.terminal && self.last.is_none_or(|last| last.elapsed() >= 5 * FRAME)
    }

    /// Shows other lines, made for so many columns: as many as there is room for.
    pub(crate) fn draw(&mut self, lines: impl FnOnce(usize) -> Vec<String>) {
        self.last = Some(Instant::now());
        let columns = columns();
        let mut lines = lines(columns.saturating_sub(1));
        lines.truncate(rows().saturating_sub(1).max(1));
        make_room();
        let cut = |line: &String| line.chars().take(columns.saturating_sub(1)).collect::<String>();
        let text: Vec<String> = lines.iter().map(cut).collect();
        let _ = write!(std::io::stderr(), "{}", text.join("\n"));
        STANDING.store(lines.len(), Ordering::Relaxed);
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        make_room();
    }
}

/// Lines of the terminal.
fn rows() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or(24, |(_, height)| usize::from(height.0))
}

fn columns() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or(COLUMNS, |(width, _)| usize::from(width.0).max(1))
}

/// What there is to say.
struct State<'a> {
    name: &'a str,
    done: u64,
    /// 0: unknown.
    total: u64,
    /// What was done before.
    start: u64,
    seconds: f64,
    message: String,
}

impl State<'_> {
    fn count(&self) -> String {
        if self.total == 0 { self.done.to_string() } else { format!("{}/{}", self.done, self.total) }
    }

    fn rate(&self) -> f64 {
        self.done.saturating_sub(self.start) as f64 / self.seconds.max(1e-9)
    }

    /// Time left, where that can be known.
    fn left(&self) -> Option<String> {
        let left = self.total.checked_sub(self.done).filter(|&left| left > 0)?;
        let rate = self.rate();
        (rate > 0.0).then(|| format!("{} left", duration(left as f64 / rate)))
    }

    /// A whole line, for where it stays.
    fn in_words(&self) -> String {
        let mut line = format!("{} {}, {}", self.name, self.count(), per_second(self.rate()));
        if let Some(left) = self.left() {
            let _ = write!(line, ", {left}");
        }
        line + "  " + &self.message
    }

    /// A line that fits: how far things are in any case, and of the rest what
    /// there is room for, with a bar in what is left over.
    fn in_columns(&self, columns: usize) -> String {
        // The last column stays free: some terminals go on in the next line.
        let room = columns.saturating_sub(1);
        let name = format!("{:<8} ", self.name);
        let mut behind = self.count();
        for part in [Some(per_second(self.rate())), self.left(), Some(self.message.clone())] {
            let Some(part) = part.filter(|part| !part.is_empty()) else { continue };
            if width(&name) + width(&behind) + 2 + width(&part) <= room {
                behind = behind + "  " + &part;
            }
        }
        let over = room.saturating_sub(width(&name) + width(&behind) + 1);
        let share = self.done.min(self.total) as f64 / self.total.max(1) as f64;
        let bar = if self.total == 0 { String::new() } else { bar(share, over) };
        format!("{name}{bar}{behind}").chars().take(room).collect()
    }
}

/// A bar with a share of it filled and a space behind it, where there is room.
pub(crate) fn bar(share: f64, room: usize) -> String {
    if room < *BAR.start() {
        return String::new();
    }
    let length = room.min(*BAR.end());
    let full = (share.clamp(0.0, 1.0) * length as f64) as usize;
    format!("{}{} ", "█".repeat(full), "░".repeat(length - full))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A speed with three digits or so.
pub(crate) fn per_second(rate: f64) -> String {
    let digits = if rate >= 100.0 {
        0
    } else if rate >= 10.0 {
        1
    } else {
        2
    };
    format!("{rate:.digits$}/s")
}

/// A time in its two largest units.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: u64, total: u64) -> State<'static> {
        let message = "loss 2.9957  lr 5.00e-3".to_string();
        State { name: "training", done, total, start: 2, seconds: 6.6371, message }
    }

    #[test]
    fn a_line_has_few_digits_and_fits_any_terminal() {
        let all = state(62, 248).in_columns(120);
        assert_eq!(
            all,
            format!(
                "training {}{} 62/248  9.04/s  21 s left  loss 2.9957  lr 5.00e-3",
                "█".repeat(7),
                "░".repeat(21)
            )
        );
        let forty = state(62, 248).in_columns(40);
        assert_eq!(forty, "training 62/248  9.04/s  21 s left");
        for columns in 0..200 {
            for total in [0, 248, u64::MAX] {
                let line = state(62, total).in_columns(columns);
                assert!(line.chars().count() < columns.max(1), "{columns}: {line}");
            }
        }
    }

    #[test]
    fn without_a_total_there_is_neither_bar_nor_end() {
        let line = state(62, 0).in_columns(120);
        assert_eq!(line, "training 62  9.04/s  loss 2.9957  lr 5.00e-3");
        assert_eq!(state(62, 0).in_words(), "training 62, 9.04/s  loss 2.9957  lr 5.00e-3");
    }

    #[test]
    fn lines_that_stay_tell_speed_and_time_left() {
        assert_eq!(state(62, 248).in_words(), "training 62/248, 9.04/s, 21 s left  loss 2.9957  lr 5.00e-3");
        assert_eq!(state(248, 248).in_words(), "training 248/248, 37.1/s  loss 2.9957  lr 5.00e-3");
        assert_eq!(state(2, 248).in_words(), "training 2/248, 0.00/s  loss 2.9957  lr 5.00e-3");
    }

    #[test]
    fn speeds_and_times_are_told_briefly() {
        assert_eq!(
            [0.0123, 9.0389, 12.3456, 1234.5].map(per_second),
            ["0.01/s", "9.04/s", "12.3/s", "1234/s"]
        );
        let told = [0.2, 59.6, 3599.0, 7300.0, 1e6].map(duration);
        assert_eq!(told, ["0 s", "1 min 0 s", "59 min 59 s", "2 h 1 min", "11 d 13 h"]);
    }
}
