//! Lines of LIST, NLST, MLSD and MLST, LIST's options, and globs. One line an entry, whatever its name holds; no order,
//! no paging, no totals: those are the transfer's.

mod glob;
mod long;
mod mlsx;
mod names;
mod options;

use alloc::vec::Vec;

pub use glob::{glob_matches, is_glob};
pub use long::write_list_line;
pub use mlsx::{Facts, MlsxRole, write_mlsx};
pub use names::write_name_line;
pub use options::{ListOptions, split_options};

use crate::digits::write_decimal;
use crate::storage::{FileKind, Metadata};

/// Whether `name` can stand on a line as it is: no CR, LF or NUL.
fn fits_a_line(name: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, name).is_none()
}

/// Writes an owner or group as one word: its name where it is known, else its number. What would end a column (blanks)
/// or a fact (`;`) is replaced, and the word cut at 32 characters.
fn write_principal(out: &mut Vec<u8>, name: Option<&str>, number: u32) {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return write_decimal(out, number.into());
    };
    // All of it and not up to the first, which is quicker for words this short.
    let awkward = |found, byte: u8| found | !byte.is_ascii_graphic() | (byte == b';');
    if name.len() <= PRINCIPAL_LETTERS && !name.bytes().fold(false, awkward) {
        return out.extend_from_slice(name.as_bytes());
    }
    for letter in name.chars().take(PRINCIPAL_LETTERS) {
        let letter = match letter {
            ';' => '?',
            blank if blank.is_whitespace() && !blank.is_control() => '_',
            control if control.is_control() => '?',
            plain => plain,
        };
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The sign that `ls -F` puts behind a name.
fn classification(metadata: &Metadata) -> Option<u8> {
    match metadata.kind {
        FileKind::Directory => Some(b'/'),
        FileKind::Symlink => Some(b'@'),
        FileKind::File if metadata.mode & 0o111 != 0 => Some(b'*'),
        FileKind::File | FileKind::Other => None,
    }
}

/// The longest owner or group shown: as long as Linux lets a user's name be.
const PRINCIPAL_LETTERS: usize = 32;

#[cfg(test)]
mod tests;
