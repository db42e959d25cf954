//! Writes DEFLATE blocks of every kind that RFC 7692 §7.2.1 allows, and that zlib would not write.

/// A block and what is in it.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    Stored(Vec<u8>),
    /// With fixed codes.
    Fixed(Vec<Symbol>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Symbol {
    Literal(u8),
    /// 3 to 10 bytes again; the distance is taken modulo what is there.
    Match {
        len: usize,
        distance: usize,
    },
}

/// The payload of a message of these blocks, each with its BFINAL bit; what it says is appended to `window`. Nothing
/// refers farther back than `window_len`.
pub(crate) fn message(blocks: &[(bool, Block)], window: &mut Vec<u8>, window_len: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for (is_final, block) in blocks {
        bits.put(u32::from(*is_final), 1);
        match block {
            Block::Stored(bytes) => {
                bits.put(0, 2);
                bits.align();
                let len = u16::try_from(bytes.len()).unwrap();
                bits.put(len.into(), 16);
                bits.put((!len).into(), 16);
                for byte in bytes {
                    bits.put((*byte).into(), 8);
                }
                window.extend(bytes);
            }
            Block::Fixed(symbols) => {
                bits.put(1, 2);
                for symbol in symbols {
                    bits.symbol(*symbol, window, window_len);
                }
                bits.code(0, 7);
            }
        }
        if *is_final {
            bits.align();
        }
    }
    // The header of the empty block whose rest is left out.
    bits.put(0, 3);
    bits.bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are used, 0 for all of them.
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for place in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> place & 1 == 1) << self.used;
            self.used = (self.used + 1) % 8;
        }
    }

    /// A code, whose first bit is its highest.
    fn code(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            self.put(value >> place & 1, 1);
        }
    }

    fn align(&mut self) {
        self.used = 0;
    }

    fn symbol(&mut self, symbol: Symbol, window: &mut Vec<u8>, window_len: usize) {
        match symbol {
            Symbol::Literal(byte @ 0..=143) => {
                self.code(0x30 + u32::from(byte), 8);
                window.push(byte);
            }
            Symbol::Literal(byte) => {
                self.code(0x190 + u32::from(byte) - 144, 9);
                window.push(byte);
            }
            Symbol::Match { .. } if window.is_empty() => {}
            Symbol::Match { len, distance } => {
                let distance = distance % window.len().min(window_len) + 1;
                self.code(u32::try_from(len).unwrap() - 2, 7);
                self.distance(u32::try_from(distance).unwrap());
                for _ in 0..len {
                    window.push(window[window.len() - distance]);
                }
            }
        }
    }

    fn distance(&mut self, distance: u32) {
        let from_zero = distance - 1;
        if from_zero < 4 {
            return self.code(from_zero, 5);
        }
        let extra = from_zero.ilog2() - 1;
        self.code(2 * extra + (from_zero >> extra & 1) + 2, 5);
        self.put(from_zero & ((1 << extra) - 1), extra);
    }
}
