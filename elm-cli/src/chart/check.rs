//! Is everything on a chart drawable?

use super::{Axis, Chart, ChartError, Field};

/// Looks for numbers without a place, so that drawing cannot fail.
///
/// # Errors
/// [`ChartError`], with the series and the axis.
pub(super) fn check(chart: &Chart) -> Result<(), ChartError> {
    let title = || chart.title.clone();
    let on = |name: &str, axis: &Axis, value: f64| {
        let wanted = if axis.log { "a positive number" } else { "a finite number" };
        match value.is_finite() && (!axis.log || value > 0.0) {
            true => Ok(()),
            false => Err(ChartError::Place {
                title: title(),
                series: name.to_string(),
                axis: axis.label.clone(),
                value,
                wanted,
            }),
        }
    };
    for series in &chart.series {
        if !series.errors.is_empty() && series.errors.len() != series.points.len() {
            return Err(ChartError::Count {
                title: title(),
                series: series.name.clone(),
                what: "errors",
                got: series.errors.len(),
                wanted: series.points.len(),
            });
        }
        for (at, &(x, y)) in series.points.iter().enumerate() {
            on(&series.name, &chart.x, x)?;
            on(&series.name, &chart.y, y)?;
            let (down, up) = series.errors.get(at).copied().unwrap_or_default();
            on(&series.name, &chart.y, y - down)?;
            on(&series.name, &chart.y, y + up)?;
        }
    }
    for axis in [&chart.x, &chart.y] {
        let Some([low, high]) = axis.range else { continue };
        on("the range", axis, low)?;
        on("the range", axis, high)?;
        if low >= high {
            return Err(ChartError::Range { title: title(), axis: axis.label.clone(), low, high });
        }
    }
    for mark in &chart.marks {
        on(&mark.label, &chart.x, mark.at)?;
    }
    if let Some(field) = &chart.field {
        check_field(chart, field)?;
        field.x.iter().try_for_each(|&x| on(&field.label, &chart.x, x))?;
        field.y.iter().try_for_each(|&y| on(&field.label, &chart.y, y))?;
    } else if chart.series.iter().all(|series| series.points.is_empty()) {
        return Err(ChartError::Empty { title: title() });
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
