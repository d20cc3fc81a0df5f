//! Dashed lines as their dashes, for pixels: the drawing library begins its
//! pattern afresh at every point of a line, and one through many points would
//! look solid.

use kuva::render::render::{Primitive, Scene};

/// Replaces every dashed line by its dashes.
pub(super) fn cut(mut scene: Scene) -> Scene {
    scene.elements = scene.elements.into_iter().flat_map(pieces).collect();
    scene
}

fn pieces(element: Primitive) -> Vec<Primitive> {
    let Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray: Some(pattern) } = element
    else {
        return vec![element];
    };
    let line =
        |points| Primitive::PolyLine { points, stroke: stroke.clone(), stroke_width, stroke_dasharray: None };
    let lengths: Vec<f64> = pattern.split_whitespace().filter_map(|length| length.parse().ok()).collect();
    dashes(&points, &lengths).into_iter().map(line).collect()
}

/// The dashes along a line: `pattern` has the lengths of a dash, a gap, and so
/// on.
fn dashes(line: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut lengths = pattern.iter().copied().filter(|&length| length > 0.0).cycle();
    let (Some(mut left), Some(&first)) = (lengths.next(), line.first()) else { return vec![line.to_vec()] };
    let mut found = vec![vec![first]];
    let mut is_dash = true;
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let place = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            match found.last_mut() {
                Some(dash) if is_dash => dash.push(place),
                _ => found.push(vec![place]),
            }
            is_dash = !is_dash;
            left = lengths.next().unwrap_or(f64::INFINITY);
        }
        left -= length - done;
        if let (Some(dash), true) = (found.last_mut(), is_dash) {
            dash.push(to);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_are_measured_along_the_whole_line() {
        let few = [(0.0, 0.0), (40.0, 0.0)];
        let many: Vec<(f64, f64)> = (0..=80).map(|at| (f64::from(at) / 2.0, 0.0)).collect();
        let ends = |line: &[(f64, f64)]| -> Vec<[f64; 2]> {
            let dashes = dashes(line, &[9.0, 7.0]);
            dashes.iter().map(|dash| [dash[0].0, dash[dash.len() - 1].0]).collect()
        };
        assert_eq!(ends(&few), [[0.0, 9.0], [16.0, 25.0], [32.0, 40.0]]);
        assert_eq!(ends(&few), ends(&many));
        assert_eq!(dashes(&few, &[]), [few.to_vec()]);
    }
}
