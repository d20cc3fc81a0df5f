//! A text symbol by symbol, each on the colour of a share, with another symbol
//! below it.

use super::frame::EDGE;
use super::pen::{Align, Pen};
use super::{ChartError, contour, look};
use kuva::render::render::Scene;
use std::path::{Path, PathBuf};

/// One symbol of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// What stands above, on the colour.
    pub above: String,
    /// What stands below, smaller.
    pub below: String,
    /// From 0 to 1.
    pub share: f64,
}

/// A text with a colour for each symbol.
#[derive(Debug, Clone)]
pub struct Letters {
    title: String,
    /// What a symbol above, the one below and the colour mean.
    meaning: [String; 3],
    letters: Vec<Letter>,
    caption: String,
}

const COLUMNS: usize = 32;
const CELL: [f64; 2] = [21.0, 24.0];
const LINE: f64 = 52.0;
const TOP: f64 = 92.0;
const SMALL: u32 = 12;

impl Letters {
    /// A text; `meaning` tells what is above, below, and the colour.
    pub fn new(title: impl Into<String>, meaning: [&str; 3], letters: Vec<Letter>) -> Self {
        let caption = String::new();
        Letters { title: title.into(), meaning: meaning.map(str::to_string), letters, caption }
    }

    /// A small line below everything: where the data is from.
    #[must_use]
    pub fn captioned(self, caption: &str) -> Self {
        Letters { caption: caption.to_string(), ..self }
    }

    /// The text as an SVG document.
    ///
    /// # Errors
    /// [`ChartError`] if there is no symbol, or a share is none.
    pub fn svg(&self) -> Result<String, ChartError> {
        Ok(super::svg(&self.scene()?))
    }

    /// Writes `STEM.svg` and `STEM.png` into a folder, which is made if need be.
    ///
    /// # Errors
    /// A [`ChartError`], or what the system says, with the file's name.
    pub fn write(&self, folder: &Path, stem: &str) -> anyhow::Result<[PathBuf; 2]> {
        super::write(&self.title, self.scene()?, folder, stem)
    }

    fn scene(&self) -> Result<Scene, ChartError> {
        if self.letters.is_empty() {
            return Err(ChartError::Empty { title: self.title.clone() });
        }
        if let Some(letter) = self.letters.iter().find(|letter| !(0.0..=1.0).contains(&letter.share)) {
            return Err(ChartError::Place {
                title: self.title.clone(),
                series: letter.above.clone(),
                axis: self.meaning[2].clone(),
                value: letter.share,
                wanted: "a share from 0 to 1",
            });
        }
        let lines = self.letters.len().div_ceil(COLUMNS);
        let bottom = TOP + lines as f64 * LINE;
        let mut scene = Scene::new(look::SIZE[0], bottom + 56.0).with_background(Some("#ffffff"));
        scene.font_family = Some(look::FONTS.to_string());
        let mut pen = Pen(scene);
        pen.text([EDGE, 32.0], &self.title, look::TITLE_SIZE, Align::Left);
        let [above, below, _] = &self.meaning;
        pen.text([EDGE, 62.0], &format!("above: {above}; below: {below}"), look::LABEL_SIZE, Align::Left);
        for (at, letter) in self.letters.iter().enumerate() {
            let place = [(at % COLUMNS) as f64 * CELL[0] + EDGE, (at / COLUMNS) as f64 * LINE + TOP];
            letter.draw(place, &mut pen);
        }
        self.bar(bottom + 6.0, &mut pen);
        Ok(pen.captioned(&self.caption))
    }

    /// What the colours mean.
    fn bar(&self, top: f64, pen: &mut Pen) {
        const STEPS: usize = 40;
        let (left, width) = (EDGE + look::text_width(&self.meaning[2], look::LABEL_SIZE) + 20.0, 200.0);
        pen.text([EDGE, top + 14.0], &self.meaning[2], look::LABEL_SIZE, Align::Left);
        for at in 0..STEPS {
            let share = at as f64 / STEPS as f64;
            // A little too wide, so that no white shows between two.
            let size = [width / STEPS as f64 + 0.4, 16.0];
            pen.rectangle([left + width * share, top], size, &contour::colour(share), None);
        }
        for share in [0.0, 0.5, 1.0] {
            let x = left + width * share;
            pen.text([x, top + 34.0], &format!("{share}"), look::TICK_SIZE, Align::Middle);
        }
    }
}

impl Letter {
    fn draw(&self, [left, top]: [f64; 2], pen: &mut Pen) {
        pen.rectangle([left, top], [CELL[0] - 1.5, CELL[1]], &contour::colour(self.share), None);
        let middle = left + CELL[0] / 2.0 - 0.75;
        // Viridis is dark below and light above its middle.
        let ink = if self.share < 0.6 { "#ffffff" } else { look::INK };
        let fits =
            |text: &str, size: u32| if look::text_width(text, size) > CELL[0] { size * 2 / 3 } else { size };
        pen.text_in(
            [middle, top + 17.0],
            &self.above,
            fits(&self.above, look::LABEL_SIZE),
            Align::Middle,
            ink,
        );
        let below = [middle, top + CELL[1] + 13.0];
        pen.text_in(below, &self.below, fits(&self.below, SMALL), Align::Middle, look::QUIET);
    }
}
