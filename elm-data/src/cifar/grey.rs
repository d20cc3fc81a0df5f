//! Grey levels of coloured pixels.

/// Whose formula; they differ by at most one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grey {
    /// Pillow's and torchvision's, in whole numbers (S4, MEGA).
    Pillow,
    /// TensorFlow's, in single precision and rounded down (LRA).
    TensorFlow,
}

impl Grey {
    /// The level of one pixel.
    pub fn level(self, [red, green, blue]: [u8; 3]) -> u8 {
        match self {
            Grey::Pillow => {
                let sum = 19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue);
                ((sum + 32768) >> 16) as u8
            }
            Grey::TensorFlow => {
                let share = |level: u8| f32::from(level) * (1.0 / 255.0);
                let sum = 0.2989 * share(red) + 0.587 * share(green) + 0.114 * share(blue);
                (sum * 255.5) as u8
            }
        }
    }

    /// The levels of a picture of three planes: red, green, blue.
    pub(super) fn levels(self, planes: &[u8]) -> impl Iterator<Item = u8> {
        let (red, rest) = planes.split_at(planes.len() / 3);
        let (green, blue) = rest.split_at(red.len());
        red.iter().zip(green).zip(blue).map(move |((&red, &green), &blue)| self.level([red, green, blue]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_is_white_and_the_formulas_agree_to_one_level() {
        for seed in 0..4096u32 {
            let bits = seed.wrapping_mul(2_654_435_761);
            let pixel = [bits as u8, (bits >> 8) as u8, (bits >> 16) as u8];
            let (pillow, tensorflow) = (Grey::Pillow.level(pixel), Grey::TensorFlow.level(pixel));
            assert!(pillow - tensorflow <= 1, "{pixel:?}");
        }
        for grey in [Grey::Pillow, Grey::TensorFlow] {
            assert_eq!((grey.level([255; 3]), grey.level([0; 3])), (255, 0));
        }
    }
}
