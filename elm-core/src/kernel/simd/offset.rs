//! Places in a table, as small integers that vectors gather by.

/// An unsigned integer of two or four bytes that offsets are stored in.
pub trait Offset: Copy {
    /// The offset.
    fn get(self) -> usize;

    /// Reads `R` offsets from `from` on, several with one load.
    ///
    /// # Safety
    /// They are readable.
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R];
}

impl Offset for u16 {
    #[inline(always)]
    fn get(self) -> usize {
        usize::from(self)
    }

    #[inline(always)]
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R] {
        let mut offsets = [0; R];
        let mut r = 0;
        // SAFETY: each load reads offsets `r` and on, of which there are `R`.
        unsafe {
            while r + 4 <= R {
                let four = from.add(r).cast::<u64>().read_unaligned().to_le();
                for i in 0..4 {
                    offsets[r + i] = (four >> (16 * i)) as usize & 0xffff;
                }
                r += 4;
            }
            while r + 2 <= R {
                let two = from.add(r).cast::<u32>().read_unaligned().to_le();
                offsets[r] = two as usize & 0xffff;
                offsets[r + 1] = (two >> 16) as usize;
                r += 2;
            }
            if r < R {
                offsets[r] = (*from.add(r)).get();
            }
        }
        offsets
    }
}

impl Offset for u32 {
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }

    #[inline(always)]
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R] {
        let mut offsets = [0; R];
        for (r, offset) in offsets.iter_mut().enumerate() {
            // SAFETY: one of the `R`.
            *offset = unsafe { *from.add(r) } as usize;
        }
        offsets
    }
}
