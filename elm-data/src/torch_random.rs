//! PyTorch's permutation on the CPU, `torch.randperm`, bit for bit: the splits
//! of `torch.utils.data.random_split` that S4 and MEGA report on follow it.

const WORDS: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne Twister MT19937 seeded by `init_genrand`, as
/// `torch.Generator().manual_seed(seed)` with a seed below 2^32.
#[derive(Debug, Clone)]
pub struct TorchRandom {
    state: [u32; WORDS],
    next: usize,
}

impl TorchRandom {
    /// The generator with a seed.
    pub fn new(seed: u32) -> Self {
        let mut state = [seed; WORDS];
        for i in 1..WORDS {
            let before = state[i - 1] ^ (state[i - 1] >> 30);
            state[i] = before.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        TorchRandom { state, next: WORDS }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == WORDS {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let joined = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % WORDS] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// `torch.randperm(len)`.
    pub fn permutation(&mut self, len: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..len).collect();
        for i in 0..len.saturating_sub(1) {
            let ahead = self.next_u32() % (len - i);
            order.swap(i as usize, (i + ahead) as usize);
        }
        order
    }
}

/// `torch.utils.data.random_split` of `0..sum(lengths)` with a seed: slices of
/// one permutation, in the order of `lengths`.
pub fn random_split<const N: usize>(lengths: [usize; N], seed: u32) -> [Vec<u32>; N] {
    let total: usize = lengths.iter().sum();
    let order = TorchRandom::new(seed).permutation(total as u32);
    let mut start = 0;
    lengths.map(|length| {
        start += length;
        order[start - length..start].to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutations_are_torchs() {
        let start = |len: u32| TorchRandom::new(42).permutation(len).into_iter().take(10).collect::<Vec<_>>();
        assert_eq!(start(5), [2, 4, 3, 0, 1]);
        assert_eq!(start(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
        assert_eq!(start(0), []);
        assert_eq!(start(1), [0]);
    }

    #[test]
    fn the_published_splits_are_met() {
        let [train, valid] = random_split([45_000, 5_000], 42);
        assert_eq!(train[..10], [37542, 44491, 216, 43688, 41558, 32245, 27206, 10863, 2190, 31849]);
        assert_eq!(valid[..10], [17408, 40845, 3378, 22188, 44921, 7244, 20029, 4500, 35562, 29107]);
        let [train, valid, test] = random_split([160_000, 20_000, 20_000], 42);
        assert_eq!(train[..10], [37542, 143173, 127710, 58234, 152906, 31060, 95762, 141650, 121758, 123288]);
        assert_eq!(
            valid[..10],
            [122036, 135593, 30913, 110858, 149407, 58414, 135627, 139969, 194315, 24585]
        );
        assert_eq!(test[..10], [143170, 45464, 153084, 73281, 46339, 14026, 126050, 95221, 68952, 120743]);
    }

    #[test]
    fn words_are_those_of_the_reference_generator() {
        let mut random = TorchRandom::new(5489);
        assert_eq!(random.next_u32(), 3499211612);
        let tenthousandth = (0..9999).map(|_| random.next_u32()).last();
        assert_eq!(tenthousandth, Some(4123659995));
    }
}
