//! From a [`Chart`] to a scene of the drawing library.

use super::frame::Frame;
use super::legend::Legend;
use super::pen::{Pen, outline};
use super::series::{Form, Series};
use super::{Chart, ChartError, check, contour, look};
use kuva::render::render::Scene;

/// The whole chart, ready to be written in any format.
///
/// # Errors
/// [`ChartError`] if there is nothing to draw, or a number has no place.
pub(super) fn scene(chart: &Chart) -> Result<Scene, ChartError> {
    check::check(chart)?;
    let frame = Frame::of(chart);
    let legend = Legend::of(chart, &frame);
    let mut pen = frame.begin(chart, look::SIZE[1] + legend.height_below());
    data(chart, &frame, &mut pen);
    frame.axes(Some(&chart.x.label), &mut pen);
    legend.draw(&mut pen);
    Ok(pen.captioned(&chart.caption))
}

/// All that is inside of a frame.
pub(super) fn data(chart: &Chart, frame: &Frame, pen: &mut Pen) {
    if let Some(field) = &chart.field {
        contour::draw(field, frame, pen);
    }
    for mark in chart.marks.iter().filter(|mark| frame.inside(mark.at, frame.y.low)) {
        let x = frame.x.at(mark.at);
        pen.path(&[(x, frame.y.start), (x, frame.y.end)], look::QUIET, 1.6, Some(look::DOTS));
    }
    // What is fitted lies below what was measured, whatever the order.
    let mut order: Vec<usize> = (0..chart.series.len()).collect();
    order.sort_by_key(|&at| match chart.series[at].form {
        Form::Band => 0,
        Form::Faint => 1,
        Form::Line { .. } => 2,
        Form::Points | Form::Dots => 3,
    });
    for at in order {
        draw(&chart.series[at], chart.series[at].like.unwrap_or(at), frame, pen);
    }
}

fn draw(series: &Series, number: usize, frame: &Frame, pen: &mut Pen) {
    let colour = look::colour(number);
    let place = |&(x, y): &(f64, f64)| (frame.x.at(x), frame.y.at(y));
    match series.form {
        Form::Band => {
            let limit = |(x, y): (f64, f64)| {
                (x.clamp(frame.x.start, frame.x.end), y.clamp(frame.y.end, frame.y.start))
            };
            let upper = series.points.iter().zip(&series.errors).map(|(&(x, y), bar)| (x, y + bar.1));
            let upper: Vec<_> = upper.collect();
            let around = series.points.iter().chain(upper.iter().rev()).map(place).map(limit);
            return pen.fill(outline(&around.collect::<Vec<_>>()), colour, Some(look::BAND_OPACITY));
        }
        Form::Line { .. } | Form::Faint => {
            let dashed = matches!(series.form, Form::Line { dashed: true, .. });
            let places: Vec<_> = series.points.iter().map(place).collect();
            let (colour, width) = look::line(colour, series.form);
            for piece in pieces(&places, frame) {
                pen.path(&piece, &colour, width, dashed.then_some(look::DASHES));
            }
        }
        Form::Points | Form::Dots => {}
    }
    let (last, every) =
        (series.points.len().saturating_sub(1), series.points.len().div_ceil(series.most_markers).max(1));
    for (at, point) in series.points.iter().enumerate().filter(|(_, point)| frame.inside(point.0, point.1)) {
        let (x, y) = place(point);
        if let Some(&(down, up)) = series.errors.get(at) {
            let ends =
                [point.1 - down, point.1 + up].map(|end| frame.y.at(end).clamp(frame.y.end, frame.y.start));
            pen.line([x, ends[0]], [x, ends[1]], colour, 1.4);
            for end in ends {
                pen.line([x - 4.0, end], [x + 4.0, end], colour, 1.4);
            }
        }
        match series.form {
            Form::Line { marked: true, .. } if !(last - at).is_multiple_of(every) => {}
            Form::Points | Form::Line { marked: true, .. } => {
                pen.marker([x, y], look::marker(number), colour)
            }
            Form::Dots => pen.dot([x, y], look::DOT_RADIUS, colour),
            Form::Line { .. } | Form::Faint | Form::Band => {}
        }
    }
}

/// The parts of a line that lie inside of the frame.
fn pieces(line: &[(f64, f64)], frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let mut found: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in line.windows(2) {
        let Some([from, to]) = clipped(pair[0], pair[1], frame) else { continue };
        match found.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => found.push(vec![from, to]),
        }
    }
    found
}

/// The part of a segment inside of the frame, after Liang and Barsky (1984).
fn clipped(from: (f64, f64), to: (f64, f64), frame: &Frame) -> Option<[(f64, f64); 2]> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0f64, 1f64);
    let edges = [
        (-dx, from.0 - frame.x.start),
        (dx, frame.x.end - from.0),
        (-dy, from.1 - frame.y.end),
        (dy, frame.y.start - from.1),
    ];
    for (speed, distance) in edges {
        if speed == 0.0 && distance < 0.0 {
            return None;
        } else if speed < 0.0 {
            enter = enter.max(distance / speed);
        } else if speed > 0.0 {
            leave = leave.min(distance / speed);
        }
    }
    let at = |share: f64| {
        if share == 0.0 {
            from
        } else if share == 1.0 {
            to
        } else {
            (from.0 + share * dx, from.1 + share * dy)
        }
    };
    (enter <= leave).then(|| [at(enter), at(leave)])
}
