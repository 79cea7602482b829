use alloc::string::String;
use proptest::prelude::*;

use super::*;

fn time_val(at: UnixTime) -> String {
    let mut out = Vec::new();
    write_time_val(&mut out, at);
    String::from_utf8(out).unwrap()
}

fn ls_date(at: i64, now: i64) -> String {
    let mut out = Vec::new();
    write_ls_date(&mut out, UnixTime::from_secs(at), UnixTime::from_secs(now));
    String::from_utf8(out).unwrap()
}

/// 2024-01-02T15:04:05Z.
const AT: i64 = 1_704_207_845;

#[test]
fn known_time_vals_read_and_write() {
    for (text, secs, nanos) in [
        ("19700101000000", 0, 0),
        ("20240102150405", AT, 0),
        ("20240102150405.5", AT, 500_000_000),
        ("20240102150405.25", AT, 250_000_000),
        ("20240102150405.001", AT, 1_000_000),
        ("20240229000000", 1_709_164_800, 0),
        ("19691231235959", -1, 0),
        ("00000101000000", YEAR_0, 0),
        ("99991231235959", YEAR_9999, 0),
    ] {
        assert_eq!(parse_time_val(text.as_bytes()), Some(UnixTime { secs, nanos }), "{text}");
        assert_eq!(time_val(UnixTime { secs, nanos }), text);
    }
}

#[test]
fn reads_more_precision_than_it_writes() {
    assert_eq!(parse_time_val(b"20240102150405.1234567899"), Some(UnixTime { secs: AT, nanos: 123_456_789 }));
    assert_eq!(time_val(UnixTime { secs: AT, nanos: 120_999_999 }), "20240102150405.12");
    assert_eq!(time_val(UnixTime { secs: AT, nanos: 999_999 }), "20240102150405");
}

#[test]
fn a_leap_second_is_the_one_before_it() {
    assert_eq!(parse_time_val(b"20161231235960"), parse_time_val(b"20161231235959"));
}

#[test]
fn refuses_what_no_calendar_has() {
    for bad in [
        "",
        "2024010215040",
        "202401021504055",
        "20240102150405.",
        "20240102150405.x",
        "20240102150405.1x",
        "20240102150405,1",
        "20240102 50405",
        "+0240102150405",
        "20230229000000",
        "20240431000000",
        "20240001000000",
        "20241301000000",
        "20240100000000",
        "20240102240000",
        "20240102156000",
        "20240102150461",
    ] {
        assert_eq!(parse_time_val(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn site_utime_may_leave_out_the_seconds() {
    assert_eq!(parse_utime(b"202401021504"), Some(UnixTime::from_secs(AT - 5)));
    assert_eq!(parse_utime(b"20240102150405"), Some(UnixTime::from_secs(AT)));
    for bad in [&b""[..], b"2024010215", b"2024010215040", b"20240102150x", b"20240102150405.5"] {
        assert_eq!(parse_utime(bad), None);
    }
}

#[test]
fn times_without_four_digit_years_are_held_at_the_ends() {
    assert_eq!(time_val(UnixTime::from_secs(i64::MIN)), "00000101000000");
    assert_eq!(time_val(UnixTime::from_secs(i64::MAX)), "99991231235959");
}

#[test]
fn ls_shows_the_hour_for_half_a_year() {
    assert_eq!(ls_date(AT, AT), "Jan  2 15:04");
    assert_eq!(ls_date(AT, AT + HALF_A_YEAR), "Jan  2 15:04");
    assert_eq!(ls_date(AT, AT + HALF_A_YEAR + 1), "Jan  2  2024");
    assert_eq!(ls_date(AT, AT - 1), "Jan  2  2024", "the future has a year");
    assert_eq!(ls_date(0, AT), "Jan  1  1970");
    assert_eq!(ls_date(AT - 8 * 86_400, AT), "Dec 25 15:04");
    assert_eq!(ls_date(i64::MIN, i64::MAX), "Jan  1  0000");
}

proptest! {
    #[test]
    fn every_moment_survives_the_round_trip(secs in YEAR_0..=YEAR_9999, millis in 0_u32..1000) {
        let at = UnixTime { secs, nanos: millis * 1_000_000 };
        prop_assert_eq!(parse_time_val(time_val(at).as_bytes()), Some(at));
    }

    #[test]
    fn never_panics(text: Vec<u8>, secs: i64, nanos: u32, now: i64) {
        let _ = (parse_time_val(&text), parse_utime(&text));
        let _ = time_val(UnixTime { secs, nanos });
        prop_assert_eq!(ls_date(secs, now).len(), 12);
    }

    #[test]
    fn digits_alone_never_panic(text in "[0-9]{12,14}(\\.[0-9]{0,12})?") {
        let _ = (parse_time_val(text.as_bytes()), parse_utime(text.as_bytes()));
    }
}

proptest! {
    #[test]
    fn the_date_is_the_time_crates(secs in YEAR_0..=YEAR_9999) {
        let theirs = ::time::OffsetDateTime::from_unix_timestamp(secs).unwrap();
        let (year, month, day) = theirs.to_calendar_date();
        let (hour, minute, second) = theirs.to_hms();
        let month = u8::from(month);
        let text = alloc::format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
        prop_assert_eq!(time_val(UnixTime::from_secs(secs)), text);
    }
}

/// Each day there is: where a month or a leap year ends is where such arithmetic goes wrong.
#[test]
fn every_day_is_the_time_crates() {
    let mut date = Date::from_calendar_date(0, Month::January, 1).unwrap();
    for secs in (YEAR_0..=YEAR_9999).step_by(86_400) {
        let Civil { year, month, day, .. } = Civil::at(UnixTime::from_secs(secs));
        let theirs = (u16::try_from(date.year()).unwrap(), u8::from(date.month()), date.day());
        assert_eq!((year, month, day), theirs, "{secs}");
        date = date.next_day().unwrap_or(date);
    }
}
