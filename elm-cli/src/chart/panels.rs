//! Several charts above each other over one horizontal axis, which is mostly
//! time.

use super::frame::{EDGE, Frame, widest_label};
use super::legend::ROW;
use super::pen::{Align, Pen};
use super::scale::Scale;
use super::{Axis, Chart, ChartError, Field, Series, check, draw, look};
use kuva::render::render::Scene;
use std::path::{Path, PathBuf};

/// Charts above each other.
#[derive(Debug, Clone)]
pub struct Panels {
    title: String,
    x: Axis,
    panels: Vec<Panel>,
    caption: String,
}

/// One of the charts.
#[derive(Debug, Clone)]
pub struct Panel {
    chart: Chart,
    height: f64,
}

/// Room above a panel for the label of its vertical axis.
const LABEL: f64 = 44.0;
/// Where the first panel begins.
const TOP: f64 = 82.0;
/// Room to the right, for names of series and scales of colours.
const RIGHT: f64 = 118.0;
/// Room below the last panel for what the horizontal axis shows.
const BELOW: f64 = 62.0;

impl Panel {
    /// A chart of this height (in units of the SVG; a panel can be read from 80
    /// on) without anything on it yet.
    pub fn new(y: Axis, height: f64) -> Self {
        Panel { chart: Chart::new("", Axis::linear(""), y), height }
    }

    /// Draws a series over those before it; its name stands to the right.
    pub fn with(mut self, series: Series) -> Self {
        self.chart = self.chart.with(series);
        self
    }

    /// Draws a function of both axes below everything else.
    pub fn over(mut self, field: Field) -> Self {
        self.chart = self.chart.over(field);
        self
    }

    /// Names of series, to the right of the chart, as many as there is room for.
    fn names(&self, frame: &Frame, pen: &mut Pen) {
        let told = self.chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
        let rows = (self.height / ROW).floor().max(1.0) as usize;
        for (row, (at, series)) in told.take(rows).enumerate() {
            let (x, y) = (frame.x.end + 10.0, frame.y.end + (row as f64 + 0.5) * ROW);
            let colour = look::colour(series.like.unwrap_or(at));
            pen.line([x, y], [x + 14.0, y], colour, 2.0 * look::LINE_WIDTH);
            pen.text([x + 20.0, y + 5.0], &series.name, look::LEGEND_SIZE, Align::Left);
        }
    }
}

impl Panels {
    /// Panels over an axis, which must say its range.
    pub fn new(title: impl Into<String>, x: Axis) -> Self {
        Panels { title: title.into(), x, panels: Vec::new(), caption: String::new() }
    }

    /// Puts a panel below those before it.
    pub fn with(mut self, panel: Panel) -> Self {
        let Panel { chart, height } = panel;
        let chart = Chart { title: self.title.clone(), x: self.x.clone(), ..chart };
        self.panels.push(Panel { chart, height });
        self
    }

    /// A small line below everything: where the data is from.
    #[must_use]
    pub fn captioned(self, caption: &str) -> Self {
        Panels { caption: caption.to_string(), ..self }
    }

    /// All panels as an SVG document.
    ///
    /// # Errors
    /// [`ChartError`] if there is nothing to draw, or a number has no place.
    pub fn svg(&self) -> Result<String, ChartError> {
        Ok(super::svg(&self.scene()?))
    }

    /// Writes `STEM.svg` and `STEM.png` into a folder, which is made if need be.
    ///
    /// # Errors
    /// A [`ChartError`], or what the system says, with the file's name.
    pub fn write(&self, folder: &Path, stem: &str) -> anyhow::Result<[PathBuf; 2]> {
        super::write(&self.title, self.scene()?, folder, stem)
    }

    fn scene(&self) -> Result<Scene, ChartError> {
        let Some(last) = self.panels.len().checked_sub(1) else {
            return Err(ChartError::Empty { title: self.title.clone() });
        };
        self.panels.iter().try_for_each(|panel| check::check(&panel.chart))?;
        let frames = self.frames();
        let height = frames[last].y.start + BELOW;
        let mut scene = Scene::new(look::SIZE[0], height).with_background(Some("#ffffff"));
        scene.font_family = Some(look::FONTS.to_string());
        let mut pen = Pen(scene);
        pen.text([EDGE, 32.0], &self.title, look::TITLE_SIZE, Align::Left);
        for (at, (panel, frame)) in self.panels.iter().zip(&frames).enumerate() {
            pen.text([EDGE, frame.y.end - 20.0], &panel.chart.y.label, look::LABEL_SIZE, Align::Left);
            if panel.chart.field.is_none() {
                frame.grid(&mut pen);
            }
            draw::data(&panel.chart, frame, &mut pen);
            frame.axes((at == last).then_some(&self.x.label), &mut pen);
            panel.names(frame, &mut pen);
        }
        Ok(pen.captioned(&self.caption))
    }

    /// Where each panel is; their left and right ends are the same.
    fn frames(&self) -> Vec<Frame> {
        let mut bottom = TOP - LABEL;
        let scales = self.panels.iter().map(|panel| {
            let [x, y] = Frame::scales(&panel.chart);
            let top = bottom + LABEL;
            bottom = top + panel.height;
            (x, y.drawn(bottom, top))
        });
        let scales: Vec<(Scale, Scale)> = scales.collect();
        let left = EDGE + 10.0 + scales.iter().map(|(_, y)| widest_label(y)).fold(0.0, f64::max);
        let right = look::SIZE[0] - RIGHT;
        scales.into_iter().map(|(x, y)| Frame { x: x.drawn(left, right), y }).collect()
    }
}
