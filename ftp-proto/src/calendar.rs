//! Times as the protocol writes them (RFC 3659 §2.3, `ls -l`). What is read goes through the `time` crate. What is written
//! does not: a listing writes up to two of these for every entry, and a date by that crate costs as much as all the rest.

use alloc::vec::Vec;

use ::time::{Date, Month, Time};

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
    out.extend_from_slice(&whole_time_val(at));
    write_fraction(out, at.nanos / 1_000_000);
}

/// The fourteen digits of a `time-val` without its fraction.
pub(crate) const fn whole_time_val(at: UnixTime) -> [u8; TIME_VAL] {
    let Civil { year, month, day, hour, minute, second } = Civil::at(at);
    let ([y0, y1], [y2, y3]) = four_digits(year);
    let ([m0, m1], [d0, d1]) = (two_digits(month), two_digits(day));
    let ([h0, h1], [n0, n1], [s0, s1]) = (two_digits(hour), two_digits(minute), two_digits(second));
    [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1]
}

/// Writes the date column of `ls -l`, 12 bytes, UTC: the time of day when `at` lies within the six months before `now`,
/// else the year. A time in the future gets its year, or clients would take it for last year's.
pub fn write_ls_date(out: &mut Vec<u8>, at: UnixTime, now: UnixTime) {
    let civil = Civil::at(at);
    let [m0, m1, m2] = *MONTHS[usize::from(civil.month) - 1];
    let [tens, ones] = two_digits(civil.day);
    let tens = if tens == b'0' { b' ' } else { tens };
    let [t0, t1, t2, t3, t4] = if (0..=HALF_A_YEAR).contains(&now.secs.saturating_sub(at.secs)) {
        let ([h0, h1], [n0, n1]) = (two_digits(civil.hour), two_digits(civil.minute));
        [h0, h1, b':', n0, n1]
    } else {
        let ([y0, y1], [y2, y3]) = four_digits(civil.year);
        [b' ', y0, y1, y2, y3]
    };
    out.extend_from_slice(&[m0, m1, m2, b' ', tens, ones, b' ', t0, t1, t2, t3, t4]);
}

/// A moment by the calendar, in UTC.
struct Civil {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Civil {
    /// The moment `at`, held within the years that have four digits. The date is found as C. Neri and L. Schneider do
    /// (Euclidean affine functions and their application to calendar algorithms, 2022): in years that begin with March,
    /// so that the leap day is the last one, and with no branch but the year's end.
    const fn at(at: UnixTime) -> Self {
        let secs = if at.secs < YEAR_0 {
            YEAR_0
        } else if at.secs > YEAR_9999 {
            YEAR_9999
        } else {
            at.secs
        };
        let second = secs.rem_euclid(DAY) as u32;
        let day = (secs.div_euclid(DAY) + DAYS_BEFORE) as u32;
        let in_eras = 4 * day + 3;
        let (century, in_century) = (in_eras / ERA, in_eras % ERA / 4);
        let product = 2_939_745 * (4 * in_century as u64 + 3);
        let (year_of_century, in_year) = ((product >> 32) as u32, product as u32 / 2_939_745 / 4);
        let months = 2_141 * in_year + 197_913;
        let (month, day) = (months >> 16, (months & 0xffff) / 2_141);
        let (into_next, month) = if in_year >= 306 { (1, month - 12) } else { (0, month) };
        Self {
            year: (100 * century + year_of_century + into_next - 400) as u16,
            month: month as u8,
            day: day as u8 + 1,
            hour: (second / 3_600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }
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
const fn four_digits(year: u16) -> ([u8; 2], [u8; 2]) {
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

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days of 400 years.
const ERA: u32 = 146_097;

/// Days from the first of March 400 years before the year 0 to 1970-01-01: none that is written lies before that.
const DAYS_BEFORE: i64 = 719_468 + ERA as i64;

/// Half of a mean Gregorian year, in seconds: where `ls` draws the line.
const HALF_A_YEAR: i64 = 31_556_952 / 2;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

#[cfg(test)]
mod tests;
