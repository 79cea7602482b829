//! The pieces that values are made of: short texts, names, and numbers that lie where something changes.

use alloc::string::String;
use alloc::vec::Vec;

use ::arbitrary::{Result, Unstructured};

/// Implements `Arbitrary` for an enum whose variants hold nothing. A variant that is missing here does not compile.
macro_rules! one_of {
    ($name:ident { $($variant:ident),* $(,)? }) => {
        impl<'a> ::arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(u: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                let it = *u.choose(&[$(Self::$variant),*])?;
                match it {
                    $(Self::$variant)|* => Ok(it),
                }
            }
        }
    };
}
pub(super) use one_of;

/// Up to 24 bytes, all of them as likely.
pub(super) fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=24_usize)?;
    Ok(u.bytes(length.min(u.len()))?.to_vec())
}

/// A few words, or any text of up to 24 bytes; control characters are a part of it.
pub(super) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 2)? {
        return Ok(String::from(*u.choose(&["alice", "a b", "", "one.example", "x\r\n200 y", "\u{fc}ber"])?));
    }
    Ok(String::from_utf8_lossy(&bytes(u)?).into_owned())
}

/// A name as a directory may hold it: any bytes but NUL and slash, and neither `.` nor `..`.
pub(super) fn name(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut name = if u.ratio(1, 2)? {
        u.choose(&[&b"a.txt"[..], b"dir", b"b c", b".hidden", b"\xC3\xBC", b"-la", b"x\r\ny"])?.to_vec()
    } else {
        bytes(u)?
    };
    name.retain(|byte| !matches!(byte, 0 | b'/'));
    if matches!(&name[..], b"" | b"." | b"..") {
        name = b"name".to_vec();
    }
    Ok(name)
}

/// A number: small, at an edge, or any.
pub(super) fn number(u: &mut Unstructured<'_>) -> Result<u64> {
    const EDGES: [u64; 8] = [0, 1, u16::MAX as u64, u32::MAX as u64, 1 << 32, i64::MAX as u64, u64::MAX - 1, u64::MAX];
    match u.int_in_range(0..=3)? {
        0 | 1 => Ok(u64::from(u.arbitrary::<u8>()?)),
        2 => u.choose(&EDGES).copied(),
        _ => u.arbitrary(),
    }
}

/// Up to `most` of something.
pub(super) fn several<'a, T>(
    most: usize,
    u: &mut Unstructured<'a>,
    mut one: impl FnMut(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = u.int_in_range(0..=most)?;
    (0..count).map(|_| one(u)).collect()
}
