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
    out.extend_from_slice(Decimal::new(value).as_bytes());
}

/// Decimal digits of `number`, without allocation.
pub(crate) struct Decimal {
    digits: [u8; 20],
    from: usize,
}

impl Decimal {
    pub(crate) fn new(mut number: u64) -> Self {
        let mut this = Self { digits: [b'0'; 20], from: 20 };
        loop {
            this.from -= 1;
            this.digits[this.from] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return this;
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
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
            write_number::<8>(&mut out, value, width, b'0');
            prop_assert_eq!(out, format!("{value:0>width$o}").into_bytes());
        }
    }
}
