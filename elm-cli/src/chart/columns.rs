//! Columns that stand on the zero of the vertical axis.

use super::{Chart, Series};

impl Chart {
    /// A histogram: a column over each bin, side by side. Two of them can be
    /// seen over each other.
    pub fn with_histogram(self, name: impl Into<String>, edges: &[f64], heights: &[f64]) -> Self {
        let bins = edges.windows(2).zip(heights);
        self.with_columns(name, bins.map(|(edge, &height)| ([edge[0], edge[1]], height)))
    }

    /// Columns from `x[0]` to `x[1]`, from left to right; below zero where the
    /// height is negative.
    pub fn with_columns(
        self,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = ([f64; 2], f64)>,
    ) -> Self {
        let columns: Vec<([f64; 2], f64)> = columns.into_iter().collect();
        let number = self.series.len();
        let mut name = name.into();
        let mut chart = self;
        // No line leads through places where nothing is.
        let side_by_side =
            |a: &([f64; 2], f64), b: &([f64; 2], f64)| b.0[0] - a.0[1] < (a.0[1] - a.0[0]) / 2.0;
        for group in columns.chunk_by(side_by_side) {
            let corners = group.iter().flat_map(|&([left, right], height)| {
                [(left, 0.0), (left, height), (right, height), (right, 0.0)]
            });
            let outline: Vec<(f64, f64)> = corners.collect();
            let filled: Vec<(f64, f64, f64)> = outline.iter().map(|&(x, y)| (x, 0.0, y)).collect();
            let line = Series::line(std::mem::take(&mut name), &outline);
            chart = chart.with(Series::band("", &filled).like(number)).with(line.like(number));
        }
        chart
    }
}
