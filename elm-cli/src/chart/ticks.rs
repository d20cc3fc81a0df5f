//! Where an axis is labelled, and with what.

/// Labelled places of an axis, and places with a short line only.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    pub(super) major: Vec<(f64, String)>,
    pub(super) minor: Vec<f64>,
}

/// Decades from which on only powers of ten are labelled.
const MANY_DECADES: f64 = 2.6;

impl Ticks {
    /// Round numbers from `low` to `high`, about so many of them.
    pub(super) fn linear(low: f64, high: f64, wanted: usize) -> Ticks {
        let places = round_places(low, high, wanted);
        let step = places.get(1).map_or(1.0, |second| second - places[0]);
        let major = places.iter().map(|&place| (place, decimal(place, step))).collect();
        Ticks { major, minor: Vec::new() }
    }

    /// Round numbers on a logarithmic axis: powers of ten over many decades,
    /// with 2 and 5 over few; over less than that as on an even one.
    pub(super) fn log(low: f64, high: f64) -> Ticks {
        let decades = (high / low).log10();
        let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let at = |digit: f64, power: i32| digit * 10f64.powi(power);
        let inside = |place: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(place);
        let digits: &[f64] = if decades > MANY_DECADES { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let every = (decades / 8.0).ceil().max(1.0) as i32;
        let places = powers.clone().filter(|power| power.rem_euclid(every) == 0);
        let places = places.flat_map(|power| digits.iter().map(move |&digit| at(digit, power)));
        let places: Vec<f64> = places.filter(inside).collect();
        if places.len() < 3 {
            return Ticks::linear(low, high, 5);
        }
        let minor = powers.flat_map(|power| (1..10).map(move |digit| at(f64::from(digit), power)));
        let minor = minor.filter(inside).filter(|_| every == 1).collect();
        Ticks { major: places.into_iter().map(|place| (place, plain(place))).collect(), minor }
    }
}

fn round_places(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let off = |step: &f64| (step / rough).ln().abs();
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = steps.into_iter().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(power);
    let first = (low / step - 1e-9).ceil();
    (0..=40)
        .map(|at| (first + f64::from(at)) * step)
        .take_while(|place| *place <= high + 1e-9 * step)
        .collect()
}

/// A number with as many decimals as tell its neighbours apart.
fn decimal(value: f64, step: f64) -> String {
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if value.abs() >= 1e6 || (value != 0.0 && step < 1e-4) {
        return plain(value);
    }
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    grouped(format!("{value:.decimals$}"))
}

/// A number in as few letters as are needed: `0.05`, `500`, `20 000`, `5·10⁶`.
fn plain(value: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let power = (value.abs().log10() + 1e-9).floor();
    if !(-4.0..6.0).contains(&power) {
        let digits = (value / 10f64.powf(power) * 1000.0).round() / 1000.0;
        let factor = if digits == 1.0 { String::new() } else { format!("{digits}·") };
        return format!("{factor}10{}", raised(power as i32));
    }
    grouped(format!("{}", (value * 1e9).round() / 1e9))
}

/// Thousands of five digits and more set apart.
fn grouped(number: String) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let digits = whole.trim_start_matches('-').len();
    if digits < 5 {
        return number;
    }
    let mut out = String::new();
    for (at, letter) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && letter != '-' && !out.ends_with('-') {
            out.push(' ');
        }
        out.push(letter);
    }
    out + rest
}

fn raised(power: i32) -> String {
    let digit = |letter| match letter {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32('⁰' as u32 + other as u32 - '0' as u32).unwrap_or(other),
    };
    power.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn even_axes_have_round_labels_of_equal_precision() {
        assert_eq!(labels(&Ticks::linear(1.643, 1.757, 5)), ["1.66", "1.68", "1.70", "1.72", "1.74"]);
        assert_eq!(labels(&Ticks::linear(-0.1, 1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Ticks::linear(0.0, 30000.0, 3)), ["0", "10 000", "20 000", "30 000"]);
    }

    #[test]
    fn logarithmic_axes_are_labelled_over_parts_of_a_decade_and_over_many() {
        assert_eq!(labels(&Ticks::log(55.0, 2600.0)), ["100", "200", "500", "1000", "2000"]);
        assert_eq!(labels(&Ticks::log(1e3, 1e7)), ["1000", "10 000", "100 000", "10⁶", "10⁷"]);
        assert_eq!(labels(&Ticks::log(0.165, 0.21)), ["0.17", "0.18", "0.19", "0.20", "0.21"]);
        assert_eq!(labels(&Ticks::log(1e-6, 1e-5 * 1.1)).last(), Some(&"10⁻⁵"));
        assert!(Ticks::log(1e-9, 1e9).major.len() < 10);
    }
}
