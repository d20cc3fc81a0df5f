//! Grey pictures as PNG files.

use crate::cifar::Grey;
use crate::error::Result;
use crate::files;
use std::io::Cursor;
use std::path::Path;

/// A picture of Path-256 takes some 20 kB.
const LARGEST: u64 = 1 << 20;

/// The grey levels of a square picture of this side, row by row.
///
/// # Errors
/// [`crate::DataError`] naming the file, also when it is empty or of another
/// size.
pub(super) fn read(path: &Path, side: usize) -> Result<Vec<u8>> {
    let bytes = files::read(path, "a picture (PNG)", LARGEST)?;
    if bytes.is_empty() {
        return Err(files::format(path, "byte 0", "the file is empty; expected a picture (PNG)"));
    }
    levels(&bytes, side).map_err(|reason| files::format(path, "picture", reason))
}

fn levels(bytes: &[u8], side: usize) -> std::result::Result<Vec<u8>, String> {
    let limits = png::Limits { bytes: LARGEST as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let size = (reader.info().width as usize, reader.info().height as usize);
    if size != (side, side) {
        return Err(format!("{} x {} pixels; expected {side} x {side}", size.0, size.1));
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("the picture is too large")?];
    let frame = reader.next_frame(&mut pixels).map_err(|error| error.to_string())?;
    let samples = frame.color_type.samples();
    let level = |pixel: &[u8]| match *pixel {
        [red, green, blue, ..] => Grey::Pillow.level([red, green, blue]),
        _ => pixel[0],
    };
    Ok(pixels.chunks_exact(samples).map(level).collect())
}

/// A square picture as a PNG file.
pub(super) fn write(levels: &[u8], side: usize) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(levels)?;
    Ok(bytes)
}
