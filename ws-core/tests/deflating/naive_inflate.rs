//! A decoder of DEFLATE (RFC 1951) that reads one bit at a time, and that tells how far back a message refers.

/// What a message says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inflated {
    pub(crate) bytes: Vec<u8>,
    /// The farthest that anything refers back, 0 if nothing does.
    pub(crate) distance_max: usize,
}

/// Inflates the payload of a compressed message by RFC 7692 §7.2.2, behind the messages in `history`. `None` if it is
/// not one.
pub(crate) fn inflate(payload: &[u8], history: &[u8]) -> Option<Inflated> {
    let mut bits = Bits { bytes: [payload, &[0x00, 0x00, 0xff, 0xff]].concat(), at: 0 };
    let mut window = history.to_vec();
    let mut distance_max = 0;
    while bits.at < bits.bytes.len() * 8 {
        let is_final = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut window)?,
            1 => compressed(&mut bits, &mut window, &fixed_codes(), &mut distance_max)?,
            2 => {
                let codes = dynamic_codes(&mut bits)?;
                compressed(&mut bits, &mut window, &codes, &mut distance_max)?;
            }
            _ => return None,
        }
        if is_final {
            bits.align();
        }
    }
    Some(Inflated { bytes: window.split_off(history.len()), distance_max })
}

struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for place in 0..count {
            let byte = *self.bytes.get(self.at / 8)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(value)
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// The lengths of the codes of literals and lengths, and of those of distances.
type Codes = (Vec<usize>, Vec<usize>);

fn fixed_codes() -> Codes {
    let of = |symbol: u16| match symbol {
        0..=143 | 280.. => 8,
        144..=255 => 9,
        256..=279 => 7,
    };
    ((0..288).map(of).collect(), vec![5; 30])
}

fn dynamic_codes(bits: &mut Bits) -> Option<Codes> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literal_count = bits.take(5)? + 257;
    let distance_count = bits.take(5)? + 1;
    let mut length_lens = vec![0; 19];
    for place in &ORDER[..bits.take(4)? + 4] {
        length_lens[*place] = bits.take(3)?;
    }
    let mut lens: Vec<usize> = Vec::new();
    while lens.len() < literal_count + distance_count {
        let (len, count) = match symbol(bits, &length_lens)? {
            16 => (*lens.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            len => (len, 1),
        };
        lens.extend(vec![len; count]);
    }
    let distances = lens.split_off(literal_count);
    (distances.len() == distance_count).then_some((lens, distances))
}

/// Reads a symbol: codes of the same length count up, and longer ones go on from shorter ones.
fn symbol(bits: &mut Bits, lens: &[usize]) -> Option<usize> {
    let (mut code, mut first) = (0, 0);
    for len in 1..=15 {
        code = code << 1 | bits.take(1)?;
        first <<= 1;
        let symbols: Vec<usize> = (0..lens.len()).filter(|symbol| lens[*symbol] == len).collect();
        if code < first + symbols.len() {
            return symbols.get(code.checked_sub(first)?).copied();
        }
        first += symbols.len();
    }
    None
}

fn stored(bits: &mut Bits, window: &mut Vec<u8>) -> Option<()> {
    bits.align();
    let len = bits.take(16)?;
    if bits.take(16)? != !len & 0xffff {
        return None;
    }
    for _ in 0..len {
        window.push(u8::try_from(bits.take(8)?).ok()?);
    }
    Some(())
}

fn compressed(
    bits: &mut Bits,
    window: &mut Vec<u8>,
    (literals, distances): &Codes,
    distance_max: &mut usize,
) -> Option<()> {
    loop {
        let len = match symbol(bits, literals)? {
            byte @ 0..=255 => {
                window.push(u8::try_from(byte).ok()?);
                continue;
            }
            256 => return Some(()),
            code @ 257..=264 => code - 254,
            code @ 265..=284 => {
                let extra = (code - 261) / 4;
                (((code - 261) % 4 + 4) << extra) + 3 + bits.take(extra)?
            }
            285 => 258,
            _ => return None,
        };
        let distance = match symbol(bits, distances)? {
            code @ 0..=3 => code + 1,
            code @ 4..=29 => {
                let extra = code / 2 - 1;
                ((code % 2 + 2) << extra) + 1 + bits.take(extra)?
            }
            _ => return None,
        };
        *distance_max = distance.max(*distance_max);
        for _ in 0..len {
            window.push(*window.get(window.len().checked_sub(distance)?)?);
        }
    }
}
