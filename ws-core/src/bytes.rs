//! Byte helpers that replace std's panicking or table-driven versions.

/// Copies bytes to a place of the same length, or nothing: `copy_from_slice` without its panic for lengths that differ, which
/// the compiler cannot always prove away.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    debug_assert_eq!(from.len(), to.len(), "the caller has made the place as long");
    if from.len() == to.len() {
        to.copy_from_slice(from);
    }
}

/// A set of ASCII characters: a load, a shift and a test, in 32 bytes, so that each byte has its bit.
#[derive(Debug)]
pub(crate) struct AsciiSet {
    words: [u32; 8],
}

impl AsciiSet {
    /// The letters and the digits, and `others`.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut words = [0; 8];
        let mut rest: &mut [u32] = &mut words;
        let mut byte: u8 = 0;
        while let [word, further @ ..] = rest {
            let mut bit: u32 = 1;
            while bit != 0 {
                if byte.is_ascii_alphanumeric() || is_in(byte, others) {
                    *word |= bit;
                }
                bit = bit.wrapping_shl(1) & !1;
                byte = byte.wrapping_add(1);
            }
            rest = further;
        }
        Self { words }
    }

    #[inline]
    pub(crate) fn contains(&self, byte: u8) -> bool {
        // The shift is by the low five bits of the byte, the word is named by the high three.
        let bit = 1_u32.wrapping_shl(u32::from(byte));
        self.words.get(usize::from(byte >> 5)).is_some_and(|word| word & bit != 0)
    }
}

const fn is_in(byte: u8, mut others: &[u8]) -> bool {
    while let [other, further @ ..] = others {
        if *other == byte {
            return true;
        }
        others = further;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::AsciiSet;

    #[test]
    fn a_set_has_what_it_was_given_and_nothing_else() {
        let set = AsciiSet::alphanumeric_and(b"-~!");
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-~!".contains(&byte);
            assert_eq!(set.contains(byte), expected, "{byte:#x}");
        }
    }
}
