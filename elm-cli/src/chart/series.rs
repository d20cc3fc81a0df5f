//! A series of points: as markers, a line or a band.

/// In which form a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Points,
    Dots,
    Line { dashed: bool, marked: bool },
    Faint,
    Band,
}

/// Points with a name, in the order in which a line connects them.
#[derive(Debug, Clone)]
pub struct Series {
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) points: Vec<(f64, f64)>,
    /// Downward and upward length of each point's error bar; of a band, down
    /// is 0 and up its height.
    pub(crate) errors: Vec<(f64, f64)>,
    pub(crate) like: Option<usize>,
    /// Most markers along a line.
    pub(crate) most_markers: usize,
}

impl Series {
    fn new(name: impl Into<String>, form: Form, points: &[(f64, f64)]) -> Self {
        Series {
            name: name.into(),
            form,
            points: points.to_vec(),
            errors: Vec::new(),
            like: None,
            most_markers: usize::MAX,
        }
    }

    /// Markers. A series with an empty name is not told in the legend.
    pub fn points(name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        Series::new(name, Form::Points, points)
    }

    /// Small dots, for hundreds of points such as the spikes of a raster.
    pub fn dots(name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        Series::new(name, Form::Dots, points)
    }

    /// A line.
    pub fn line(name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        Series::new(name, Form::Line { dashed: false, marked: false }, points)
    }

    /// A thin pale line, such as what was measured below what was smoothed.
    pub fn faint(name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        Series::new(name, Form::Faint, points)
    }

    /// A shaded band of `(x, low, high)`.
    pub fn band(name: impl Into<String>, edges: &[(f64, f64, f64)]) -> Self {
        let points: Vec<_> = edges.iter().map(|&(x, low, _)| (x, low)).collect();
        let heights = edges.iter().map(|&(_, low, high)| (0.0, high - low)).collect();
        Series { errors: heights, ..Series::new(name, Form::Band, &points) }
    }

    /// Symmetric error bars, one a point.
    pub fn errors(self, errors: &[f64]) -> Self {
        self.bars(&errors.iter().map(|&error| (error, error)).collect::<Vec<_>>())
    }

    /// Error bars that reach so far down and up from each point.
    pub fn bars(mut self, bars: &[(f64, f64)]) -> Self {
        self.errors = bars.to_vec();
        self
    }

    /// A line with dashes.
    pub fn dashed(mut self) -> Self {
        if let Form::Line { dashed, .. } = &mut self.form {
            *dashed = true;
        }
        self
    }

    /// A line with a marker at every point.
    pub fn marked(mut self) -> Self {
        if let Form::Line { marked, .. } = &mut self.form {
            *marked = true;
        }
        self
    }

    /// A line with markers at a few points, from the last one backwards.
    pub fn sparsely_marked(self, most: usize) -> Self {
        Series { most_markers: most.max(1), ..self.marked() }
    }

    /// In the colour of the series with this number, counted from 0, so that a
    /// fit looks like what it is fitted to.
    pub fn like(mut self, series: usize) -> Self {
        self.like = Some(series);
        self
    }
}
