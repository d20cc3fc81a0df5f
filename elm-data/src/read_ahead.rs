//! Batches that are read while the last ones are still worked on.

use crate::batch::Batch;
use crate::error::Result;
use crate::loader::BatchStream;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

/// A stream whose batches are read ahead on a thread of their own, a bounded
/// number of them. The batches and the places between them are those of the
/// stream itself: what was read ahead but not taken does not count.
pub struct ReadAhead {
    source: Source,
    /// Batches that wait at most.
    depth: usize,
    cursor: [u64; 2],
}

/// Who has the stream.
enum Source {
    Idle(Box<dyn BatchStream>),
    Reading(Reader),
    /// Only while it changes hands.
    Moving,
}

struct Reader {
    ready: Receiver<Ready>,
    thread: JoinHandle<Box<dyn BatchStream>>,
}

/// A batch and the place after it.
type Ready = (Result<Option<Batch>>, [u64; 2]);

impl ReadAhead {
    /// Reads up to `depth` batches of a stream ahead.
    pub fn new(stream: Box<dyn BatchStream>, depth: usize) -> Self {
        ReadAhead { cursor: stream.cursor(), source: Source::Idle(stream), depth }
    }

    /// Stops reading ahead and hands the stream back, at whatever place.
    fn stop(&mut self) -> Option<Box<dyn BatchStream>> {
        match std::mem::replace(&mut self.source, Source::Moving) {
            Source::Idle(stream) => Some(stream),
            Source::Reading(Reader { ready, thread }) => {
                drop(ready); // the thread notices when it offers the next batch
                Some(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            }
            Source::Moving => None,
        }
    }

    fn start(&mut self) {
        if let Some(mut stream) = self.stop() {
            let (offer, ready) = sync_channel(self.depth);
            let thread = thread::spawn(move || {
                loop {
                    let batch = stream.next();
                    let last = !matches!(batch, Ok(Some(_)));
                    if offer.send((batch, stream.cursor())).is_err() || last {
                        return stream;
                    }
                }
            });
            self.source = Source::Reading(Reader { ready, thread });
        }
    }
}

impl BatchStream for ReadAhead {
    fn next(&mut self) -> Result<Option<Batch>> {
        if matches!(self.source, Source::Idle(_)) {
            self.start();
        }
        let Source::Reading(reader) = &self.source else { return Ok(None) };
        let Ok((batch, cursor)) = reader.ready.recv() else {
            // The thread is done: it read the last batch, or it panicked.
            if let Some(stream) = self.stop() {
                self.source = Source::Idle(stream);
            }
            return Ok(None);
        };
        self.cursor = cursor;
        batch
    }

    fn cursor(&self) -> [u64; 2] {
        self.cursor
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        let Some(mut stream) = self.stop() else { return Ok(()) };
        let sought = stream.seek(cursor);
        if sought.is_ok() {
            self.cursor = cursor;
        } else {
            stream.seek(self.cursor)?;
        }
        self.source = Source::Idle(stream);
        sought
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DataError;
    use crate::loader::{Order, SampleBatches};
    use crate::samples::Samples;
    use crate::spikes::{Binning, DigitsSettings, Split, spiking_digits};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn batches(order: Order) -> Box<dyn BatchStream> {
        let settings = DigitsSettings { seed: 1, channels: 30, binning: Binning::new(50.0, true).unwrap() };
        let samples = Arc::new(spiking_digits(&settings, Split::Train, 22).unwrap());
        Box::new(SampleBatches::new(samples, 4, order).unwrap())
    }

    fn all(stream: &mut dyn BatchStream, most: usize) -> Vec<(Option<Batch>, [u64; 2])> {
        (0..most).map(|_| (stream.next().unwrap(), stream.cursor())).collect()
    }

    #[test]
    fn batches_and_places_are_those_of_the_stream() {
        for order in [Order::Sequential, Order::Shuffled { seed: 3 }] {
            let plain = all(&mut *batches(order), 14);
            for depth in [0, 1, 5] {
                let mut ahead = ReadAhead::new(batches(order), depth);
                assert_eq!(ahead.cursor(), [0, 0]);
                assert!(all(&mut ahead, 14) == plain, "{order:?} {depth}");
                ahead.seek([0, 2]).unwrap();
                assert_eq!(ahead.cursor(), [0, 2]);
                assert!(all(&mut ahead, 3) == plain[2..5], "{order:?} {depth}");
                // A place that is none changes nothing.
                assert!(ahead.seek([0, 99]).is_err());
                assert!(all(&mut ahead, 1) == plain[5..6], "{order:?} {depth}");
            }
        }
    }

    /// A stream that counts how often it was asked, and fails at the third time.
    struct Counting(Arc<AtomicUsize>);

    impl BatchStream for Counting {
        fn next(&mut self) -> Result<Option<Batch>> {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                2 => Err(DataError::Setting { setting: "third".into(), reason: "fails".into() }),
                _ => batches(Order::Sequential).next(),
            }
        }

        fn cursor(&self) -> [u64; 2] {
            [0, self.0.load(Ordering::SeqCst) as u64]
        }

        fn seek(&mut self, _: [u64; 2]) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn errors_come_in_their_place_and_memory_is_bounded() {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut ahead = ReadAhead::new(Box::new(Counting(asked.clone())), 1);
        assert!(ahead.next().unwrap().is_some());
        drop(ReadAhead::new(Box::new(Counting(asked.clone())), 1)); // was never asked
        assert!(ahead.next().unwrap().is_some());
        assert!(ahead.next().unwrap_err().to_string().contains("third"));
        assert!(asked.load(Ordering::SeqCst) <= 4, "one waits, one is offered");
    }

    #[test]
    fn samples_stay_available_to_others() {
        let settings = DigitsSettings { seed: 1, channels: 30, binning: Binning::new(50.0, true).unwrap() };
        let samples: Arc<dyn Samples> = Arc::new(spiking_digits(&settings, Split::Train, 8).unwrap());
        let stream = SampleBatches::new(samples.clone(), 4, Order::Sequential).unwrap();
        let mut ahead = ReadAhead::new(Box::new(stream), 2);
        ahead.next().unwrap();
        drop(ahead);
        assert_eq!(Arc::strong_count(&samples), 1, "the thread still has them");
    }
}
