//! NumPy's default generator, `numpy.random.default_rng(seed)`, bit for bit:
//! PCG64 (XSL-RR) seeded through `SeedSequence`. The authors' fixed splits and
//! evaluation draws follow it.

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;

/// The generator.
#[derive(Debug, Clone)]
pub struct NumpyRandom {
    state: u128,
    increment: u128,
    /// The high half of the last 64 bits, when only 32 were asked for.
    half: Option<u32>,
}

impl NumpyRandom {
    /// `numpy.random.default_rng(seed)`.
    pub fn new(seed: u64) -> Self {
        let words = seed_sequence(seed);
        let wide = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        let increment = (wide(words[2], words[3]) << 1) | 1;
        let mut random = NumpyRandom { state: 0, increment, half: None };
        random.advance();
        random.state = random.state.wrapping_add(wide(words[0], words[1]));
        random.advance();
        random
    }

    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.advance();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let word = self.next_u64();
        self.half = Some((word >> 32) as u32);
        word as u32
    }

    /// `random()`: uniform in `0..1`.
    pub fn random(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `integers(0, end)` for one value, by Lemire's method on 32 bits.
    pub fn below(&mut self, end: u32) -> u32 {
        if end <= 1 {
            return 0;
        }
        let mut wide = u64::from(self.next_u32()) * u64::from(end);
        if (wide as u32) < end {
            let threshold = (u32::MAX - (end - 1)) % end;
            while (wide as u32) < threshold {
                wide = u64::from(self.next_u32()) * u64::from(end);
            }
        }
        (wide >> 32) as u32
    }
}

/// `SeedSequence(seed).generate_state(4, uint64)`.
fn seed_sequence(seed: u64) -> [u64; 4] {
    let (mut constant, multiplier) = (0x43b0_d7e5u32, 0x931e_8875u32);
    let mut hash = |value: u32| {
        let value = value ^ constant;
        constant = constant.wrapping_mul(multiplier);
        let value = value.wrapping_mul(constant);
        value ^ (value >> 16)
    };
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(&mut hash);
    for source in 0..4 {
        for target in 0..4 {
            if source != target {
                let mixed = pool[target]
                    .wrapping_mul(0xca01_f9dd)
                    .wrapping_sub(hash(pool[source]).wrapping_mul(0x4973_f715));
                pool[target] = mixed ^ (mixed >> 16);
            }
        }
    }
    let (mut constant, multiplier) = (0x8b51_f9ddu32, 0x58f3_8dedu32);
    let mut word = |index: usize| {
        let value = pool[index % 4] ^ constant;
        constant = constant.wrapping_mul(multiplier);
        let value = value.wrapping_mul(constant);
        u64::from(value ^ (value >> 16))
    };
    std::array::from_fn(|i| word(2 * i) | (word(2 * i + 1) << 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numpys() {
        assert_eq!(seed_sequence(0)[0], 15793235383387715774);
        let mut random = NumpyRandom::new(0);
        let raw = [0xa30f_ebcf_d9c2_825f, 0x4510_bdf8_82d9_d721, 0x0a7d_3da9_4ecd_e8b8];
        assert_eq!([(); 3].map(|()| random.next_u64()), raw);
        assert_eq!(NumpyRandom::new(0).random(), 0.6369616873214543);
    }

    #[test]
    fn integers_are_numpys() {
        let mut random = NumpyRandom::new(0);
        let drawn: Vec<u32> = (0..20).map(|_| random.below(2264)).collect();
        let known = [
            1925, 1442, 1157, 610, 696, 92, 170, 37, 396, 1841, 1470, 2066, 1140, 1373, 2197, 1651, 1431,
            1230, 1267, 2117,
        ];
        assert_eq!(drawn, known);
    }

    #[test]
    fn the_authors_validation_split_is_met() {
        let split = |seed| {
            let mut random = NumpyRandom::new(seed);
            (0..8156u32).filter(|_| random.random() > 0.8).collect::<Vec<_>>()
        };
        let (first, second) = (split(0), split(12345));
        assert_eq!((first.len(), second.len()), (1642, 1577));
        assert_eq!(first[..4], [4, 5, 9, 10]);
        assert_eq!(second[1574..], [8143, 8149, 8152]);
    }
}
