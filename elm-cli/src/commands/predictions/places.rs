//! Where the predictions of consecutive batches belong.

/// The place of the next predictions.
pub(super) enum Places {
    /// Samples one after the other; their number.
    Samples(u64),
    /// A text of `tokens` tokens, cut into as many streams of equal length as
    /// a batch has rows; `start` tokens of each have been read.
    Text { tokens: usize, start: usize },
}

impl Places {
    /// Those of a text of so many tokens, or of samples.
    pub(super) fn new(tokens: Option<usize>) -> Self {
        tokens.map_or(Places::Samples(0), |tokens| Places::Text { tokens, start: 0 })
    }

    /// The places of a batch's predictions: numbers of samples, or positions in
    /// the text of the symbols that are predicted, `[T, B]`.
    pub(super) fn next(&mut self, rows: usize, predictions: usize) -> Vec<u64> {
        match self {
            Places::Samples(next) => {
                let places = (*next..*next + predictions as u64).collect();
                *next += predictions as u64;
                places
            }
            Places::Text { tokens, start } => {
                let stream = *tokens / rows.max(1);
                let place = |at: usize| (at % rows) * stream + *start + at / rows + 1;
                let places = (0..predictions).map(|at| place(at) as u64).collect();
                *start += predictions / rows.max(1);
                places
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_numbered_from_batch_to_batch() {
        let mut places = Places::new(None);
        assert_eq!(places.next(2, 2), [0, 1]);
        // Pairs: half as many predictions as rows.
        assert_eq!(places.next(6, 3), [2, 3, 4]);
    }

    #[test]
    fn every_stream_of_a_text_has_its_own_positions() {
        // Streams 0..5 and 5..10; the last token is left out.
        let mut places = Places::new(Some(11));
        assert_eq!(places.next(2, 4), [1, 6, 2, 7]);
        assert_eq!(places.next(2, 4), [3, 8, 4, 9]);
    }
}
