//! How charts look: sizes, colours, markers. Lengths are units of the SVG.

use super::series::Form;

/// Width and height of a chart.
pub(super) const SIZE: [f64; 2] = [720.0, 460.0];

/// Pixels of a PNG for a unit of the SVG.
pub(super) const PNG_SCALE: f32 = 2.0;

pub(super) const TITLE_SIZE: u32 = 18;
pub(super) const LABEL_SIZE: u32 = 15;
pub(super) const TICK_SIZE: u32 = 14;
pub(super) const LEGEND_SIZE: u32 = 14;
pub(super) const CAPTION_SIZE: u32 = 12;
pub(super) const LINE_WIDTH: f64 = 2.2;
pub(super) const FAINT_WIDTH: f64 = 1.2;
/// Share of white in the colour of a faint line.
const PALE: f64 = 0.62;
pub(super) const MARKER_RADIUS: f64 = 5.0;
pub(super) const DOT_RADIUS: f64 = 1.3;
pub(super) const BAND_OPACITY: f64 = 0.18;

pub(super) const INK: &str = "#222222";
pub(super) const QUIET: &str = "#555555";
pub(super) const GRID: &str = "#e4e4e4";
pub(super) const FONTS: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
pub(super) const DASHES: &str = "9 7";
pub(super) const DOTS: &str = "1 6";

/// The palette of Okabe and Ito (2008) without its yellow, which is hard to
/// see on white; neighbours differ in lightness too.
const COLOURS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000"];

/// Forms that are told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Inverted,
    Cross,
    Plus,
}

const MARKERS: [Marker; 7] = [
    Marker::Circle,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Inverted,
    Marker::Cross,
    Marker::Plus,
];

/// Colour of the series with this number.
pub(super) fn colour(number: usize) -> &'static str {
    COLOURS[number % COLOURS.len()]
}

/// Colour and width of a line.
pub(super) fn line(colour: &str, form: Form) -> (String, f64) {
    if form != Form::Faint {
        return (colour.to_string(), LINE_WIDTH);
    }
    // Mixed with white: not every program that shows an SVG knows opacity.
    let part = |at: usize| colour.get(at..at + 2).and_then(|part| u8::from_str_radix(part, 16).ok());
    let pale = |part: Option<u8>| f64::from(part.unwrap_or(0)) * (1.0 - PALE) + 255.0 * PALE;
    let [red, green, blue] = [1, 3, 5].map(|at| pale(part(at)) as u8);
    (format!("#{red:02X}{green:02X}{blue:02X}"), FAINT_WIDTH)
}

/// Marker of the series with this number; a second round of the palette meets
/// other markers than the first.
pub(super) fn marker(number: usize) -> Marker {
    MARKERS[(number + number / COLOURS.len()) % MARKERS.len()]
}

/// About how wide a text is in DejaVu Sans.
pub(super) fn text_width(text: &str, size: u32) -> f64 {
    let widths = text.chars().map(|letter| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.3,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '-' | '/' | 'I' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' => 0.93,
        'A'..='Z' => 0.7,
        _ => 0.62,
    });
    f64::from(size) * widths.sum::<f64>()
}
