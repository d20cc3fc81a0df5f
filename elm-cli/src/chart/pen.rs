//! Lines, texts and markers of the drawing library, in few words.

use super::frame::EDGE;
use super::look::{self, Marker};
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

/// What texts are aligned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// Draws on a scene; every place is rounded to a tenth, which keeps files
/// small and equal on every machine.
pub(super) struct Pen(pub(super) Scene);

pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Room for a line below a drawing.
const CAPTION: f64 = 22.0;

impl Pen {
    /// The finished drawing, with a small line below it unless that is empty.
    pub(super) fn captioned(mut self, caption: &str) -> Scene {
        if !caption.is_empty() {
            self.0.height += CAPTION;
            let place = [EDGE, self.0.height - 9.0];
            self.text_in(place, caption, look::CAPTION_SIZE, Align::Left, look::QUIET);
        }
        self.0
    }

    pub(super) fn text(&mut self, place: [f64; 2], text: &str, size: u32, align: Align) {
        self.text_in(place, text, size, align, look::INK);
    }

    pub(super) fn text_in(&mut self, [x, y]: [f64; 2], text: &str, size: u32, align: Align, colour: &str) {
        let anchor = match align {
            Align::Left => TextAnchor::Start,
            Align::Middle => TextAnchor::Middle,
            Align::Right => TextAnchor::End,
        };
        let (x, y) = (tenth(x), tenth(y));
        let (content, color) = (text.to_string(), Some(Color::from(colour)));
        self.0.add(Primitive::Text { x, y, content, size, anchor, rotate: None, bold: false, color });
    }

    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: &str, width: f64) {
        self.0.add(Primitive::Line {
            x1: tenth(from[0]),
            y1: tenth(from[1]),
            x2: tenth(to[0]),
            y2: tenth(to[1]),
            stroke: colour.into(),
            stroke_width: width,
            stroke_dasharray: None,
        });
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dashes: Option<&str>) {
        self.0.add(Primitive::PolyLine {
            points: points.iter().map(|&(x, y)| (tenth(x), tenth(y))).collect(),
            stroke: colour.into(),
            stroke_width: width,
            stroke_dasharray: dashes.map(str::to_string),
        });
    }

    pub(super) fn fill(&mut self, outline: String, colour: &str, opacity: Option<f64>) {
        self.0.add(Primitive::Path(Box::new(PathData {
            d: outline,
            fill: Some(colour.into()),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity,
            stroke_dasharray: None,
        })));
    }

    pub(super) fn rectangle(
        &mut self,
        [left, top]: [f64; 2],
        size: [f64; 2],
        colour: &str,
        opacity: Option<f64>,
    ) {
        self.0.add(Primitive::Rect {
            x: tenth(left),
            y: tenth(top),
            width: tenth(size[0]),
            height: tenth(size[1]),
            fill: colour.into(),
            stroke: None,
            stroke_width: None,
            opacity,
        });
    }

    pub(super) fn dot(&mut self, [x, y]: [f64; 2], radius: f64, colour: &str) {
        self.0.add(Primitive::Circle {
            cx: tenth(x),
            cy: tenth(y),
            r: radius,
            fill: colour.into(),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        });
    }

    /// A marker with a thin white edge, so that one is seen before another.
    pub(super) fn marker(&mut self, [x, y]: [f64; 2], marker: Marker, colour: &str) {
        let radius = look::MARKER_RADIUS;
        let corners: &[[f64; 2]] = match marker {
            Marker::Circle => {
                self.dot([x, y], radius + 0.8, "#ffffff");
                return self.dot([x, y], radius, colour);
            }
            Marker::Cross | Marker::Plus => {
                let arm =
                    if marker == Marker::Plus { [[1.0, 0.0], [0.0, 1.0]] } else { [[0.8, 0.8], [0.8, -0.8]] };
                for [right, down] in arm.map(|[right, down]| [right * radius, down * radius]) {
                    self.line([x - right, y - down], [x + right, y + down], colour, 2.4);
                }
                return;
            }
            Marker::Square => &[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
            Marker::Triangle => &[[0.0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
            Marker::Inverted => &[[0.0, 1.2], [1.1, -0.8], [-1.1, -0.8]],
            Marker::Diamond => &[[0.0, -1.25], [1.05, 0.0], [0.0, 1.25], [-1.05, 0.0]],
        };
        for (size, colour) in [(radius + 1.0, "#ffffff"), (radius, colour)] {
            let corner = |&[right, down]: &[f64; 2]| (x + right * size, y + down * size);
            self.fill(outline(&corners.iter().map(corner).collect::<Vec<_>>()), colour, None);
        }
    }
}

/// A closed outline through these points.
pub(super) fn outline(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (at, &(x, y)) in points.iter().enumerate() {
        path += &format!("{}{} {}", if at == 0 { 'M' } else { 'L' }, tenth(x), tenth(y));
    }
    path + "Z"
}
