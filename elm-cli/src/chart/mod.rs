//! Charts as SVG and PNG: the caller says what is shown, this room how it looks.
//!
//! ```
//! use elm_cli::chart::{Axis, Chart, Series};
//! let measured = [(64.0, 1.75), (440.0, 1.650), (2398.0, 1.679)];
//! let chart = Chart::new("Text, 3.5 M parameters", Axis::log("neurons N"), Axis::linear("test loss (bits per character)"))
//!     .with(Series::points("measured", &measured).errors(&[0.01, 0.004, 0.006]))
//!     .with(Series::line("theory", &measured).dashed().like(0));
//! assert!(chart.svg()?.starts_with("<svg"));
//! # Ok::<(), elm_cli::chart::ChartError>(())
//! ```
//! A drawing of the same chart has the same bytes on every machine, so that
//! pictures can be committed. Colours are those of Okabe and Ito, which colour
//! blind people tell apart, and every series has a marker of its own.

mod check;
mod columns;
mod contour;
mod dashes;
mod draw;
mod field;
mod frame;
mod legend;
mod letters;
mod look;
mod panels;
mod pen;
mod scale;
mod series;
#[cfg(test)]
mod tests;
mod ticks;

pub use field::Field;
pub use letters::{Letter, Letters};
pub use panels::{Panel, Panels};
pub use series::Series;

use anyhow::Context;
use kuva::render::render::Scene;
use std::path::{Path, PathBuf};

/// Why a chart cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// There is nothing on it.
    #[error("chart {title:?} has no point to draw")]
    Empty {
        /// The chart's title.
        title: String,
    },
    /// A number has no place on its axis.
    #[error("chart {title:?}: {series:?} has {value} on the axis {axis:?}, which needs {wanted}")]
    Place {
        /// The chart's title.
        title: String,
        /// Name of the series.
        series: String,
        /// Label of the axis.
        axis: String,
        /// The number.
        value: f64,
        /// What the axis can show.
        wanted: &'static str,
    },
    /// The ends of an axis are not in order.
    #[error("chart {title:?}: the axis {axis:?} cannot reach from {low} to {high}")]
    Range {
        /// The chart's title.
        title: String,
        /// Label of the axis.
        axis: String,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// Errors or rows do not belong to the points.
    #[error("chart {title:?}: {series:?} has {got} {what} for {wanted}")]
    Count {
        /// The chart's title.
        title: String,
        /// Name of the series.
        series: String,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many were needed.
        wanted: usize,
    },
    /// The drawing library failed.
    #[error("chart {title:?} cannot be drawn: {reason}")]
    Drawing {
        /// The chart's title.
        title: String,
        /// What the library says.
        reason: String,
    },
}

/// An axis: what it shows in which unit, and on which scale.
#[derive(Debug, Clone)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) log: bool,
    pub(crate) whole: bool,
    pub(crate) range: Option<[f64; 2]>,
    pub(crate) named: Option<Vec<(f64, String)>>,
}

impl Axis {
    /// An even scale. The label names the unit: `training time (s)`.
    pub fn linear(label: impl Into<String>) -> Self {
        Axis { label: label.into(), log: false, whole: false, range: None, named: None }
    }

    /// A logarithmic scale, for positive numbers.
    pub fn log(label: impl Into<String>) -> Self {
        Axis { log: true, ..Axis::linear(label) }
    }

    /// An even scale that is labelled at whole numbers only, for what is counted
    /// or numbered.
    pub fn whole(label: impl Into<String>) -> Self {
        Axis { whole: true, ..Axis::linear(label) }
    }

    /// From here to there, instead of as far as the data goes.
    pub fn between(mut self, low: f64, high: f64) -> Self {
        self.range = Some([low, high]);
        self
    }

    /// With these names at these places, instead of numbers.
    pub fn named(mut self, places: Vec<(f64, String)>) -> Self {
        self.named = Some(places);
        self
    }
}

/// A line across the whole chart at one place of the horizontal axis.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// What is to be drawn.
#[derive(Debug, Clone)]
pub struct Chart {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    pub(crate) field: Option<Field>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) caption: String,
}

impl Chart {
    /// A chart without anything on it yet.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        let (title, caption) = (title.into(), String::new());
        Chart { title, x, y, series: Vec::new(), field: None, marks: Vec::new(), caption }
    }

    /// Draws a series over those before it.
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Draws a function of both axes below everything else.
    pub fn over(mut self, field: Field) -> Self {
        self.field = Some(field);
        self
    }

    /// A dotted vertical line, told in the legend.
    pub fn mark(mut self, at: f64, label: impl Into<String>) -> Self {
        self.marks.push(Mark { at, label: label.into() });
        self
    }

    /// A small line below everything: where the data is from.
    #[must_use]
    pub fn captioned(self, caption: &str) -> Self {
        Chart { caption: caption.to_string(), ..self }
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    /// [`ChartError`] if there is nothing to draw, or a number has no place.
    pub fn svg(&self) -> Result<String, ChartError> {
        Ok(svg(&draw::scene(self)?))
    }

    /// The chart as the bytes of a PNG file, for a screen of high resolution.
    ///
    /// # Errors
    /// [`ChartError`] as for [`svg`](Self::svg).
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        png(&self.title, draw::scene(self)?)
    }

    /// Writes `STEM.svg` and `STEM.png` into a folder, which is made if need be.
    ///
    /// # Errors
    /// A [`ChartError`], or what the system says, with the file's name.
    pub fn write(&self, folder: &Path, stem: &str) -> anyhow::Result<[PathBuf; 2]> {
        write(&self.title, draw::scene(self)?, folder, stem)
    }
}

fn svg(scene: &Scene) -> String {
    kuva::prelude::SvgBackend::new().render_scene(scene)
}

fn png(title: &str, scene: Scene) -> Result<Vec<u8>, ChartError> {
    let drawn =
        kuva::prelude::PngBackend::new().with_scale(look::PNG_SCALE).render_scene(&dashes::cut(scene));
    drawn.map_err(|reason| ChartError::Drawing { title: title.to_string(), reason })
}

fn write(title: &str, scene: Scene, folder: &Path, stem: &str) -> anyhow::Result<[PathBuf; 2]> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let paths = ["svg", "png"].map(|ending| folder.join(format!("{stem}.{ending}")));
    let bytes = [svg(&scene).into_bytes(), png(title, scene)?];
    for (path, bytes) in paths.iter().zip(bytes) {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(paths)
}
