//! What is what: in a corner that nothing is drawn in, else below the chart.

use super::frame::Frame;
use super::pen::{Align, Pen};
use super::series::Form;
use super::{Chart, look};

/// One line of the legend.
struct Entry {
    label: String,
    form: Form,
    number: Option<usize>,
}

/// The legend of a chart and the place it found.
pub(super) struct Legend {
    entries: Vec<Entry>,
    /// Upper left corner, if it is inside of the frame.
    corner: Option<[f64; 2]>,
}

pub(super) const ROW: f64 = 22.0;
const SAMPLE: f64 = 36.0;
const PADDING: f64 = 8.0;

impl Legend {
    /// The entries, and where they disturb nothing.
    pub(super) fn of(chart: &Chart, frame: &Frame) -> Legend {
        let told = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let mut entries: Vec<Entry> = told
            .map(|(at, series)| Entry {
                label: series.name.clone(),
                form: series.form,
                number: Some(series.like.unwrap_or(at)),
            })
            .collect();
        let dotted = Form::Line { dashed: true, marked: false };
        let marks = chart.marks.iter().filter(|mark| !mark.label.is_empty());
        entries.extend(marks.map(|mark| Entry { label: mark.label.clone(), form: dotted, number: None }));
        let corner = if chart.field.is_some() { None } else { free_corner(chart, frame, size(&entries)) };
        Legend { entries, corner }
    }

    /// How much taller than usual the drawing must be.
    pub(super) fn height_below(&self) -> f64 {
        if self.corner.is_some() || self.entries.is_empty() {
            return 0.0;
        }
        self.entries.len().div_ceil(self.columns()) as f64 * ROW + PADDING
    }

    fn columns(&self) -> usize {
        let widest = size(&self.entries)[0];
        ((look::SIZE[0] - 40.0) / (widest + 16.0)).floor().max(1.0) as usize
    }

    pub(super) fn draw(&self, pen: &mut Pen) {
        let [width, height] = size(&self.entries);
        if let (Some(corner), false) = (self.corner, self.entries.is_empty()) {
            pen.rectangle(corner, [width, height], "#ffffff", Some(0.85));
        }
        for (at, entry) in self.entries.iter().enumerate() {
            let [x, y] = match self.corner {
                Some([left, top]) => [left + PADDING, top + PADDING + (at as f64 + 0.5) * ROW],
                None => {
                    let (row, column) = (at / self.columns(), at % self.columns());
                    [26.0 + column as f64 * (width + 16.0), look::SIZE[1] + (row as f64 + 0.5) * ROW]
                }
            };
            entry.sample(pen, x, y);
            pen.text([x + SAMPLE, y + 5.0], &entry.label, look::LEGEND_SIZE, Align::Left);
        }
    }
}

impl Entry {
    fn sample(&self, pen: &mut Pen, x: f64, y: f64) {
        let colour = self.number.map_or(look::QUIET, look::colour);
        let middle = [x + 14.0, y];
        match (self.form, self.number) {
            (Form::Band, _) => pen.rectangle([x, y - 7.0], [28.0, 14.0], colour, Some(look::BAND_OPACITY)),
            (Form::Dots, _) => pen.dot(middle, 2.5, colour),
            (Form::Line { dashed, .. }, number) => {
                let dashes = if number.is_none() { look::DOTS } else { look::DASHES };
                pen.path(&[(x, y), (x + 28.0, y)], colour, look::LINE_WIDTH, dashed.then_some(dashes));
            }
            (Form::Faint, _) => {
                let (colour, width) = look::line(colour, self.form);
                pen.path(&[(x, y), (x + 28.0, y)], &colour, width, None);
            }
            (Form::Points, _) => {}
        }
        if let (Form::Points | Form::Line { marked: true, .. }, Some(number)) = (self.form, self.number) {
            pen.marker(middle, look::marker(number), colour);
        }
    }
}

fn size(entries: &[Entry]) -> [f64; 2] {
    let widest =
        entries.iter().map(|entry| look::text_width(&entry.label, look::LEGEND_SIZE)).fold(0.0, f64::max);
    [widest + SAMPLE + 2.0 * PADDING, entries.len() as f64 * ROW + 2.0 * PADDING]
}

/// The first corner in which no point, line or mark is drawn.
fn free_corner(chart: &Chart, frame: &Frame, [width, height]: [f64; 2]) -> Option<[f64; 2]> {
    let (left, right) = (frame.x.start + 10.0, frame.x.end - width - 2.0);
    let (top, bottom) = (frame.y.end + 2.0, frame.y.start - height - 8.0);
    if right < left || bottom < top {
        return None;
    }
    let corners = [[right, top], [left, top], [right, bottom], [left, bottom]];
    let free = |&[x, y]: &[f64; 2]| {
        drawn(chart, frame).all(|(at_x, at_y)| {
            at_x < x - 8.0 || at_x > x + width + 8.0 || at_y < y - 8.0 || at_y > y + height + 8.0
        })
    };
    corners.into_iter().find(free)
}

/// Places that are drawn at, close enough to each other along lines and bars.
fn drawn(chart: &Chart, frame: &Frame) -> impl Iterator<Item = (f64, f64)> {
    const STEPS: usize = 40;
    let mut places = Vec::new();
    let mut between = |from: (f64, f64), to: (f64, f64)| {
        for step in 0..=STEPS {
            let share = step as f64 / STEPS as f64;
            places.push((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)));
        }
    };
    for mark in &chart.marks {
        let x = frame.x.at(mark.at);
        between((x, frame.y.start), (x, frame.y.end));
    }
    for series in &chart.series {
        let place = |point: (f64, f64)| (frame.x.at(point.0), frame.y.at(point.1));
        for (at, &(x, y)) in series.points.iter().enumerate() {
            let (down, up) = series.errors.get(at).copied().unwrap_or_default();
            between(place((x, y - down)), place((x, y + up)));
            if let (Form::Line { .. } | Form::Faint | Form::Band, Some(&next)) =
                (series.form, series.points.get(at + 1))
            {
                between(place((x, y)), place(next));
                let reach = series.errors.get(at + 1).map_or(0.0, |bar| bar.1);
                between(place((x, y + up)), place((next.0, next.1 + reach)));
            }
        }
    }
    places.into_iter()
}
