//! Times as the protocol writes them (RFC 3659 §2.3, `ls -l`). The arithmetic is the `time` crate's; only the digits are
//! laid out here, since a listing writes one of these for every entry.

use alloc::vec::Vec;

use ::time::{Date, Month, OffsetDateTime, Time};

use crate::digits::{two_digits, write_number};
use crate::time::UnixTime;

/// Reads a `time-val`: 14 digits and an optional fraction, UTC (RFC 3659 §2.3). `None` when it is not one, or names a
/// day or time that the calendar does not have. Second 60, which the RFC allows for a leap second, is read as 59.
#[must_use]
pub fn parse_time_val(text: &[u8]) -> Option<UnixTime> {
    let (whole, fraction) = text.split_at_checked(TIME_VAL)?;
    let whole = parse_whole(whole)?;
    match fraction {
        [] => Some(whole),
        [b'.', digits @ ..] => Some(UnixTime { nanos: parse_fraction(digits)?, ..whole }),
        _ => None,
    }
}

/// Reads the two times of SITE UTIME: `YYYYMMDDhhmm` or `YYYYMMDDhhmmss`, UTC. `None` when it is neither.
#[must_use]
pub fn parse_utime(text: &[u8]) -> Option<UnixTime> {
    match text.len() {
        TIME_VAL => parse_whole(text),
        UTIME => {
            let mut whole = [b'0'; TIME_VAL];
            whole.split_at_mut(UTIME).0.copy_from_slice(text);
            parse_whole(&whole)
        }
        _ => None,
    }
}

/// Writes a `time-val`; with a fraction of at most 3 digits only where there is one. Years before 0 and after 9999,
/// which have no such form, are written as the first and the last moment that has one.
pub fn write_time_val(out: &mut Vec<u8>, at: UnixTime) {
    let civil = civil(at);
    let ([y0, y1], [y2, y3]) = four_digits(civil.year());
    let ([m0, m1], [d0, d1]) = (two_digits(civil.month().into()), two_digits(civil.day()));
    out.extend_from_slice(&[y0, y1, y2, y3, m0, m1, d0, d1]);
    for part in [civil.hour(), civil.minute(), civil.second()] {
        out.extend_from_slice(&two_digits(part));
    }
    write_fraction(out, at.nanos / 1_000_000);
}

/// Writes the date column of `ls -l`, 12 bytes, UTC: the time of day when `at` lies within the six months before `now`,
/// else the year. A time in the future gets its year, or clients would take it for last year's.
pub fn write_ls_date(out: &mut Vec<u8>, at: UnixTime, now: UnixTime) {
    let civil = civil(at);
    let month = MONTHS[usize::from(u8::from(civil.month())) - 1];
    let [tens, ones] = two_digits(civil.day());
    let tens = if tens == b'0' { b' ' } else { tens };
    let [m0, m1, m2] = *month;
    let [t0, t1, t2, t3, t4] = if (0..=HALF_A_YEAR).contains(&now.secs.saturating_sub(at.secs)) {
        let ([h0, h1], [m0, m1]) = (two_digits(civil.hour()), two_digits(civil.minute()));
        [h0, h1, b':', m0, m1]
    } else {
        let ([y0, y1], [y2, y3]) = four_digits(civil.year());
        [b' ', y0, y1, y2, y3]
    };
    out.extend_from_slice(&[m0, m1, m2, b' ', tens, ones, b' ', t0, t1, t2, t3, t4]);
}

/// The moment by the calendar, held within the years that have four digits.
fn civil(at: UnixTime) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.secs.clamp(YEAR_0, YEAR_9999)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `YYYYMMDDhhmmss`, all of them digits.
fn parse_whole(text: &[u8]) -> Option<UnixTime> {
    let century = digit_pair(text, 0)?;
    let year = i32::from(century) * 100 + i32::from(digit_pair(text, 2)?);
    let month = Month::try_from(digit_pair(text, 4)?).ok()?;
    let date = Date::from_calendar_date(year, month, digit_pair(text, 6)?).ok()?;
    let second = match digit_pair(text, 12)? {
        60 => 59,
        second => second,
    };
    let time = Time::from_hms(digit_pair(text, 8)?, digit_pair(text, 10)?, second).ok()?;
    Some(UnixTime::from_secs(date.with_time(time).assume_utc().unix_timestamp()))
}

/// The number that the two digits at `at` make.
fn digit_pair(text: &[u8], at: usize) -> Option<u8> {
    match *text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// The digits behind the point, as nanoseconds; those past the ninth are cut off.
fn parse_fraction(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nine = digits.iter().copied().chain(core::iter::repeat(b'0')).take(9);
    Some(nine.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0')))
}

/// A point and the milliseconds without the zeros at their end; nothing for none.
fn write_fraction(out: &mut Vec<u8>, millis: u32) {
    let millis = millis.min(999);
    if millis == 0 {
        return;
    }
    let start = out.len();
    out.push(b'.');
    write_number::<10>(out, u64::from(millis), 3, b'0');
    let kept = out.iter().rposition(|digit| *digit != b'0').map_or(start, |last| last + 1);
    out.truncate(kept);
}

/// The four digits of a year from 0 to 9999.
const fn four_digits(year: i32) -> ([u8; 2], [u8; 2]) {
    (two_digits((year / 100) as u8), two_digits((year % 100) as u8))
}

/// Bytes in a `time-val` without its fraction.
const TIME_VAL: usize = 14;

/// Bytes in `YYYYMMDDhhmm`.
const UTIME: usize = 12;

/// 0000-01-01T00:00:00Z.
const YEAR_0: i64 = -62_167_219_200;

/// 9999-12-31T23:59:59Z.
const YEAR_9999: i64 = 253_402_300_799;

/// Half of a mean Gregorian year, in seconds: where `ls` draws the line.
const HALF_A_YEAR: i64 = 31_556_952 / 2;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

#[cfg(test)]
mod tests;
