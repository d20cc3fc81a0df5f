//! Is everything on a chart drawable?

use super::{Axis, Chart, ChartError, Field, Series};

/// Looks for numbers without a place, so that drawing cannot fail.
///
/// # Errors
/// [`ChartError`], with the series and the axis.
pub(super) fn check(chart: &Chart) -> Result<(), ChartError> {
    for series in &chart.series {
        check_series(chart, series)?;
    }
    for axis in [&chart.x, &chart.y] {
        let Some([low, high]) = axis.range else { continue };
        on(chart, "the range", axis, low)?;
        on(chart, "the range", axis, high)?;
        if low >= high {
            return Err(ChartError::Range {
                title: chart.title.clone(),
                axis: axis.label.clone(),
                low,
                high,
            });
        }
    }
    for mark in &chart.marks {
        on(chart, &mark.label, &chart.x, mark.at)?;
    }
    if let Some(field) = &chart.field {
        check_field(chart, field)?;
        field.x.iter().try_for_each(|&x| on(chart, &field.label, &chart.x, x))?;
        field.y.iter().try_for_each(|&y| on(chart, &field.label, &chart.y, y))?;
    } else if chart.series.iter().all(|series| series.points.is_empty()) {
        return Err(ChartError::Empty { title: chart.title.clone() });
    }
    Ok(())
}

/// Has a number a place on an axis?
fn on(chart: &Chart, name: &str, axis: &Axis, value: f64) -> Result<(), ChartError> {
    if value.is_finite() && (!axis.log || value > 0.0) {
        return Ok(());
    }
    Err(ChartError::Place {
        title: chart.title.clone(),
        series: name.to_string(),
        axis: axis.label.clone(),
        value,
        wanted: if axis.log { "a positive number" } else { "a finite number" },
    })
}

fn check_series(chart: &Chart, series: &Series) -> Result<(), ChartError> {
    if !series.errors.is_empty() && series.errors.len() != series.points.len() {
        return Err(ChartError::Count {
            title: chart.title.clone(),
            series: series.name.clone(),
            what: "errors",
            got: series.errors.len(),
            wanted: series.points.len(),
        });
    }
    for (at, &(x, y)) in series.points.iter().enumerate() {
        let (down, up) = series.errors.get(at).copied().unwrap_or_default();
        on(chart, &series.name, &chart.x, x)?;
        [y, y - down, y + up].into_iter().try_for_each(|y| on(chart, &series.name, &chart.y, y))?;
    }
    Ok(())
}

fn check_field(chart: &Chart, field: &Field) -> Result<(), ChartError> {
    let count = |what, got, wanted| {
        Err(ChartError::Count { title: chart.title.clone(), series: field.label.clone(), what, got, wanted })
    };
    let columns = match field.contours {
        Some(_) => field.x.len(),
        None => field.rows.first().map_or(0, Vec::len),
    };
    if field.contours.is_some() && field.rows.len() != field.y.len() {
        return count("rows", field.rows.len(), field.y.len());
    }
    if columns < 1 || field.rows.is_empty() {
        return Err(ChartError::Empty { title: chart.title.clone() });
    }
    if let Some(row) = field.rows.iter().find(|row| row.len() != columns) {
        return count("values in a row", row.len(), columns);
    }
    match field.rows.iter().flatten().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(&value) => Err(ChartError::Place {
            title: chart.title.clone(),
            series: field.label.clone(),
            axis: field.label.clone(),
            value,
            wanted: "a finite number",
        }),
    }
}
