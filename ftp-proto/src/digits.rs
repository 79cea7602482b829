//! Numbers as text, for lines that are written by the hundred thousand. Not a formatter: unsigned, no signs, no locale.

use alloc::vec::Vec;

/// Writes `value` in base `RADIX` (2 to 16, lower case), aligned right in `width` bytes (at most 24) filled with `pad`.
/// A number that is wider is written whole.
pub(crate) fn write_number<const RADIX: u64>(out: &mut Vec<u8>, mut value: u64, width: usize, pad: u8) {
    let mut text = [pad; WIDEST];
    let mut start = WIDEST;
    loop {
        start -= 1;
        text[start] = DIGITS[(value % RADIX) as usize];
        value /= RADIX;
        if value == 0 || start == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[start.min(WIDEST.saturating_sub(width))..]);
}

/// Writes `value` in decimal, as wide as it is.
pub(crate) fn write_decimal(out: &mut Vec<u8>, value: u64) {
    // Most numbers of a listing: owners and groups of the system, and files that hold nothing.
    if value < 10 {
        return out.push(b'0' + value as u8);
    }
    out.extend_from_slice(Decimal::new(value).as_bytes());
}

/// Writes `value` in decimal, aligned right in `WIDTH` blanks. A number that is wider is written whole.
pub(crate) fn write_column<const WIDTH: usize>(out: &mut Vec<u8>, value: u64) {
    let mut column = [b' '; 20];
    let from = fill(&mut column, value);
    out.extend_from_slice(column.get(from.min(20 - WIDTH)..).unwrap_or_default());
}

/// Puts the decimal digits of `number` at the end of `text`, two at a time; gives where they begin.
const fn fill(text: &mut [u8; 20], mut number: u64) -> usize {
    let mut from = 20;
    while number >= 100 {
        from -= 2;
        [text[from], text[from + 1]] = two_digits((number % 100) as u8);
        number /= 100;
    }
    if number < 10 {
        text[from - 1] = b'0' + number as u8;
        return from - 1;
    }
    [text[from - 2], text[from - 1]] = two_digits(number as u8);
    from - 2
}

/// Writes `value` in hexadecimal, as wide as it is.
pub(crate) fn write_hexadecimal(out: &mut Vec<u8>, value: u64) {
    let mut text = [0; 16];
    let digits = (64 - (value | 1).leading_zeros() as usize).div_ceil(4);
    for (place, digit) in text.iter_mut().rev().zip(0..digits) {
        *place = DIGITS[(value >> (4 * digit) & 0xf) as usize];
    }
    out.extend_from_slice(text.get(16 - digits..).unwrap_or_default());
}

/// Decimal digits of `number`, without allocation.
pub(crate) struct Decimal {
    digits: [u8; 20],
    from: usize,
}

impl Decimal {
    pub(crate) const fn new(number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let from = fill(&mut digits, number);
        Self { digits, from }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}

/// Small numbers with commas between them, as in the replies to PASV and LPSV, without allocation.
pub(crate) struct NumberList {
    text: [u8; LONGEST_LIST],
    end: usize,
}

/// LPSV's address and port over IPv6: 21 numbers of at most three digits, each with its comma.
const LONGEST_LIST: usize = 21 * 4;

impl Default for NumberList {
    fn default() -> Self {
        Self { text: [0; LONGEST_LIST], end: 0 }
    }
}

impl NumberList {
    /// Adds `numbers`. The list holds no more than 21.
    pub(crate) fn add(&mut self, numbers: &[u8]) {
        for number in numbers {
            let number = Decimal::new(u64::from(*number));
            for byte in number.as_bytes().iter().chain(b",") {
                self.text[self.end] = *byte;
                self.end += 1;
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        let text = &self.text[..self.end];
        text.strip_suffix(b",").unwrap_or(text)
    }
}

/// The last two decimal digits of `value`.
pub(crate) const fn two_digits(value: u8) -> [u8; 2] {
    [b'0' + value / 10 % 10, b'0' + value % 10]
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Holds any 64-bit number in base 8 and above.
const WIDEST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn lists_the_longest_address_there_is() {
        let mut list = NumberList::default();
        assert_eq!(list.as_bytes(), b"");
        list.add(&[255; 21]);
        assert_eq!(list.as_bytes(), ["255"; 21].join(",").as_bytes());
    }

    proptest! {
        #[test]
        fn writes_what_the_standard_formatter_writes(value: u64, width in 0_usize..24) {
            let mut out = Vec::new();
            write_number::<10>(&mut out, value, width, b' ');
            prop_assert_eq!(out, format!("{value:>width$}").into_bytes());
            let mut out = Vec::new();
            write_number::<16>(&mut out, value, 0, b'0');
            prop_assert_eq!(out, format!("{value:x}").into_bytes());
            let mut out = Vec::new();
            write_hexadecimal(&mut out, value);
            prop_assert_eq!(out, format!("{value:x}").into_bytes());
            for value in [value, value >> width, value >> 32, value % 10] {
                let mut out = Vec::new();
                write_column::<12>(&mut out, value);
                prop_assert_eq!(out, format!("{value:>12}").into_bytes());
                let mut out = Vec::new();
                write_decimal(&mut out, value);
                prop_assert_eq!(out, format!("{value}").into_bytes());
            }
            let mut out = Vec::new();
            write_number::<8>(&mut out, value, width, b'0');
            prop_assert_eq!(out, format!("{value:0>width$o}").into_bytes());
        }
    }
}
