//! The empty chart: title, axes, grid, and the scales that everything else is
//! drawn by.

use super::pen::{Align, Pen};
use super::scale::Scale;
use super::{Chart, look};
use kuva::render::render::Scene;

/// The room for the data.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) x: Scale,
    pub(super) y: Scale,
}

/// Room to the right of a chart whose field has a scale of colours.
const COLOUR_BAR: f64 = 92.0;

pub(super) const EDGE: f64 = 18.0;

/// Where the horizontal axis is, above what stands below it.
pub(super) const BOTTOM: f64 = look::SIZE[1] - 62.0;

impl Frame {
    /// The scales of a chart that was checked.
    pub(super) fn of(chart: &Chart) -> Frame {
        let [x, y] = Frame::scales(chart);
        let y = y.drawn(BOTTOM, 82.0);
        let right = look::SIZE[0] - if chart.field.is_some() { COLOUR_BAR } else { EDGE + 14.0 };
        Frame { x: x.drawn(EDGE + widest_label(&y) + 10.0, right), y }
    }

    /// The scales of both axes; where they are drawn comes later.
    pub(super) fn scales(chart: &Chart) -> [Scale; 2] {
        let points = || {
            chart
                .series
                .iter()
                .flat_map(|series| series.points.iter().enumerate().map(move |at| (series, at)))
        };
        let field = chart.field.iter();
        let xs = points().map(|(_, (_, point))| point.0).chain(chart.marks.iter().map(|mark| mark.at));
        let ys = points().flat_map(|(series, (at, point))| {
            let (down, up) = series.errors.get(at).copied().unwrap_or_default();
            [point.1 - down, point.1 + up]
        });
        let tight = chart.field.is_some();
        [
            Scale::over(&chart.x, field.clone().flat_map(|field| field.x.clone()).chain(xs), tight),
            Scale::over(&chart.y, field.flat_map(|field| field.y.clone()).chain(ys), tight),
        ]
    }

    pub(super) fn inside(&self, x: f64, y: f64) -> bool {
        let on = |scale: &Scale, value: f64| {
            value >= scale.low.min(scale.high) && value <= scale.high.max(scale.low)
        };
        on(&self.x, x) && on(&self.y, y)
    }

    /// A fresh drawing of this height, with title and grid.
    pub(super) fn begin(&self, chart: &Chart, height: f64) -> Pen {
        let mut scene = Scene::new(look::SIZE[0], height).with_background(Some("#ffffff"));
        scene.font_family = Some(look::FONTS.to_string());
        let mut pen = Pen(scene);
        pen.text([EDGE, 32.0], &chart.title, look::TITLE_SIZE, Align::Left);
        pen.text([EDGE, 62.0], &chart.y.label, look::LABEL_SIZE, Align::Left);
        if chart.field.is_none() {
            self.grid(&mut pen);
        }
        pen
    }

    /// Lines at every labelled place.
    pub(super) fn grid(&self, pen: &mut Pen) {
        for (place, _) in self.x.ticks().major {
            pen.line([self.x.at(place), self.y.start], [self.x.at(place), self.y.end], look::GRID, 1.0);
        }
        for (place, _) in self.y.ticks().major {
            pen.line([self.x.start, self.y.at(place)], [self.x.end, self.y.at(place)], look::GRID, 1.0);
        }
    }

    /// The axes, over the data; the horizontal one is told only where it has a
    /// label.
    pub(super) fn axes(&self, x_label: Option<&str>, pen: &mut Pen) {
        let corner = [self.x.start, self.y.start];
        pen.line(corner, [self.x.end, self.y.start], look::INK, 1.2);
        pen.line(corner, [self.x.start, self.y.end], look::INK, 1.2);
        let (x_ticks, y_ticks) = (self.x.ticks(), self.y.ticks());
        for place in x_ticks.minor {
            pen.line([self.x.at(place), corner[1]], [self.x.at(place), corner[1] + 3.0], look::INK, 0.8);
        }
        for place in y_ticks.minor {
            pen.line([corner[0], self.y.at(place)], [corner[0] - 3.0, self.y.at(place)], look::INK, 0.8);
        }
        for (place, label) in x_ticks.major {
            let x = self.x.at(place);
            pen.line([x, corner[1]], [x, corner[1] + 6.0], look::INK, 1.2);
            if x_label.is_some() {
                pen.text([x, corner[1] + 22.0], &label, look::TICK_SIZE, Align::Middle);
            }
        }
        for (place, label) in y_ticks.major {
            let y = self.y.at(place);
            pen.line([corner[0], y], [corner[0] - 6.0, y], look::INK, 1.2);
            pen.text([corner[0] - 10.0, y + 5.0], &label, look::TICK_SIZE, Align::Right);
        }
        if let Some(label) = x_label {
            let middle = (self.x.start + self.x.end) / 2.0;
            pen.text([middle, corner[1] + 47.0], label, look::LABEL_SIZE, Align::Middle);
        }
    }
}

/// How wide the labels of a vertical axis are.
pub(super) fn widest_label(y: &Scale) -> f64 {
    let labels = y.ticks().major.into_iter().map(|(_, label)| look::text_width(&label, look::TICK_SIZE));
    labels.fold(0.0, f64::max)
}
