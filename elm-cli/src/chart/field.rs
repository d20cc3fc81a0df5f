//! A function of both axes, as filled contours or as cells.

/// Values on a grid.
#[derive(Debug, Clone)]
pub struct Field {
    pub(crate) label: String,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) rows: Vec<Vec<f64>>,
    pub(crate) contours: Option<usize>,
    /// Values at both ends of the scale of colours; `None`: those that there are.
    pub(crate) range: Option<[f64; 2]>,
    /// Are values below zero told from those above it?
    pub(crate) signed: bool,
}

impl Field {
    /// Filled contours at so many levels of a smooth function:
    /// `rows[j][i]` is its value at `x[i]`, `y[j]`.
    pub fn contours(
        label: impl Into<String>,
        x: &[f64],
        y: &[f64],
        rows: &[Vec<f64>],
        levels: usize,
    ) -> Self {
        Field {
            label: label.into(),
            x: x.to_vec(),
            y: y.to_vec(),
            rows: rows.to_vec(),
            contours: Some(levels),
            range: None,
            signed: false,
        }
    }

    /// One coloured cell a value, on linear axes: the cells fill the range from
    /// the first to the last `x` and `y`, first row at the bottom.
    pub fn cells(label: impl Into<String>, x: [f64; 2], y: [f64; 2], rows: &[Vec<f64>]) -> Self {
        let (x, y, rows) = (x.to_vec(), y.to_vec(), rows.to_vec());
        Field { label: label.into(), x, y, rows, contours: None, range: None, signed: false }
    }

    /// With these values at the ends of the scale of colours, so that pictures
    /// can be compared.
    #[must_use]
    pub fn between(self, low: f64, high: f64) -> Self {
        Field { range: Some([low, high]), ..self }
    }

    /// For values of both signs: blue below zero, red above it, and as far on
    /// both sides, so that zero is white.
    #[must_use]
    pub fn signed(self) -> Self {
        let size = self.rows.iter().flatten().fold(0.0, |most, value| f64::max(most, value.abs()));
        let size = if size > 0.0 { size } else { 1.0 };
        Field { signed: true, ..self }.between(-size, size)
    }
}
