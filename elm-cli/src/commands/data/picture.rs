//! Samples as pictures: shades in a terminal, grey levels in a file.

use anyhow::{Context, Result};
use elm_data::SampleInput;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Shades from none to most.
const SHADES: &[u8] = b" .:-=+*#%@";
/// Size of a picture in the terminal.
const COLUMNS: usize = 72;
const LINES: usize = 18;

/// A picture of a sample: values from 0 to 1, the top row first.
pub(super) struct Picture {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Picture {
    /// Spikes: time to the right, channels upwards. Grey pictures: as they
    /// are, where the sequence is a square. Other sequences: nothing.
    pub(super) fn of(input: &SampleInput, channels: usize) -> Option<Picture> {
        match input {
            SampleInput::Events { steps, events } => {
                let mut picture = Picture::new(*steps, channels);
                for &(step, channel, count) in events {
                    let row = channels - 1 - channel as usize;
                    picture.values[row * steps + step as usize] = count.min(1.0);
                }
                Some(picture)
            }
            SampleInput::Dense { channels: 1, values } => {
                let side = values.len().isqrt();
                let low = values.iter().copied().fold(f32::INFINITY, f32::min);
                let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let range = (high - low).max(f32::MIN_POSITIVE);
                let values: Vec<f32> = values.iter().map(|value| (value - low) / range).collect();
                (side > 0 && side * side == values.len()).then_some(Picture {
                    width: side,
                    height: side,
                    values,
                })
            }
            _ => None,
        }
    }

    fn new(width: usize, height: usize) -> Self {
        Picture { width, height, values: vec![0.0; width * height] }
    }

    /// The picture in characters, each the mean of what it covers relative to
    /// the strongest.
    pub(super) fn text(&self) -> String {
        let (columns, lines) = (COLUMNS.min(2 * self.width), LINES.min(self.height));
        let block = |line: usize, column: usize| {
            let rows = line * self.height / lines
                ..((line + 1) * self.height / lines).max(line * self.height / lines + 1);
            let start = column * self.width / columns;
            let places = start..((column + 1) * self.width / columns).max(start + 1);
            let count = (rows.len() * places.len()) as f32;
            let row_sum = |row: usize| self.values[row * self.width..][places.clone()].iter().sum::<f32>();
            rows.map(row_sum).sum::<f32>() / count
        };
        let means: Vec<f32> = (0..lines * columns).map(|at| block(at / columns, at % columns)).collect();
        let most = means.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let shade = |mean: &f32| {
            let level = (mean / most * (SHADES.len() - 1) as f32).ceil() as usize;
            char::from(SHADES[level.min(SHADES.len() - 1)])
        };
        let line = |means: &[f32]| means.iter().map(shade).collect::<String>().trim_end().to_string() + "\n";
        means.chunks_exact(columns).map(line).collect()
    }
}

/// Writes pictures below each other into a grey PNG.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(path: &Path, pictures: &[Picture]) -> Result<()> {
    let width = pictures.iter().map(|picture| picture.width).max().unwrap_or(1).max(1);
    let gap = 2;
    let mut levels: Vec<u8> = Vec::new();
    for (i, picture) in pictures.iter().enumerate() {
        if i > 0 {
            levels.resize(levels.len() + gap * width, 128);
        }
        for row in picture.values.chunks_exact(picture.width.max(1)) {
            levels.extend(row.iter().map(|value| (255.0 * value) as u8));
            levels.resize(levels.len() + width - picture.width, 128);
        }
    }
    let height = (levels.len() / width) as u32;
    let save = || -> Result<()> {
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width as u32, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&levels)?;
        Ok(writer.finish()?)
    };
    save().with_context(|| format!("cannot write {}", path.display()))
}
