//! Segments of continuous text, one stream per row of the batch.

use crate::batch::{Batch, Input, Target};
use crate::error::{DataError, Result};
use crate::loader::BatchStream;
use std::sync::Arc;

/// Consecutive segments of `rows` parallel streams.
///
/// A text of `n` tokens is cut into `rows` streams of `n / rows` tokens each
/// (the rest is left out); a batch holds the next `length` tokens of every
/// stream and, as targets, those one further. The last batch of a pass is
/// shorter; `rows * (n / rows - 1)` tokens are predicted in a pass.
pub struct TextBatches {
    tokens: Arc<[u8]>,
    rows: usize,
    length: usize,
    endless: bool,
    cursor: [u64; 2],
}

impl TextBatches {
    /// Streams over a text; `endless` starts again after each pass.
    ///
    /// # Errors
    /// [`DataError::Setting`] when a stream would have fewer than 2 tokens.
    pub fn new(tokens: Arc<[u8]>, rows: usize, length: usize, endless: bool) -> Result<Self> {
        if rows == 0 || length == 0 || tokens.len() / rows < 2 {
            let reason = format!(
                "{rows} streams of a text of {} tokens have fewer than 2 tokens each; take a smaller batch",
                tokens.len()
            );
            return Err(DataError::Setting { setting: "training.batch_size".into(), reason });
        }
        Ok(TextBatches { tokens, rows, length, endless, cursor: [0, 0] })
    }

    /// Tokens of a stream.
    fn stream(&self) -> usize {
        self.tokens.len() / self.rows
    }

    /// Batches of one pass.
    pub fn batches_per_epoch(&self) -> u64 {
        (self.stream() - 1).div_ceil(self.length) as u64
    }

    /// Tokens predicted in one pass.
    pub fn predictions(&self) -> u64 {
        ((self.stream() - 1) * self.rows) as u64
    }
}

impl BatchStream for TextBatches {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.cursor[1] >= self.batches_per_epoch() {
            if !self.endless {
                return Ok(None);
            }
            self.cursor = [self.cursor[0] + 1, 0];
        }
        let stream = self.stream();
        let start = self.cursor[1] as usize * self.length;
        let steps = self.length.min(stream - 1 - start);
        let token = |step: usize, row: usize| u32::from(self.tokens[row * stream + start + step]);
        let ids = |shift: usize| {
            (0..steps * self.rows).map(|at| token(at / self.rows + shift, at % self.rows)).collect()
        };
        let batch =
            Batch { rows: self.rows, steps, input: Input::Tokens(ids(0)), target: Target::EveryStep(ids(1)) };
        self.cursor[1] += 1;
        Ok(Some(batch))
    }

    fn cursor(&self) -> [u64; 2] {
        self.cursor
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        if cursor[1] > self.batches_per_epoch() {
            let reason = format!("segment {} of a pass of {}", cursor[1], self.batches_per_epoch());
            return Err(DataError::Setting { setting: "position in the text".into(), reason });
        }
        self.cursor = cursor;
        Ok(())
    }
}
