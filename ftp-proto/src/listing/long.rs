//! LIST's lines: those of `ls -l`, which no RFC defines and every client parses.

use alloc::vec::Vec;

use super::{ListOptions, classification, write_principal};
use crate::calendar::write_ls_date;
use crate::digits::write_column;
use crate::storage::{FileKind, Metadata};
use crate::time::UnixTime;

/// Writes one `ls -l` line with CR LF: exactly ten mode characters, UTC, the name safe (control bytes as `?`).
///
/// ```text
/// drwxr-xr-x   1 owner    group            4096 Jan  2 15:04 name
/// ```
pub fn write_list_line(out: &mut Vec<u8>, name: &[u8], metadata: &Metadata, now: UnixTime, options: ListOptions) {
    out.reserve(USUAL_COLUMNS + name.len());
    out.extend_from_slice(&mode_letters(metadata.kind, metadata.mode));
    out.push(b' ');
    write_column::<3>(out, metadata.links.max(1));
    for (word, number) in [(&metadata.owner, metadata.uid), (&metadata.group, metadata.gid)] {
        out.push(b' ');
        let column = out.len();
        write_principal(out, word.as_deref(), number);
        out.extend_from_slice(BLANKS.get(out.len() - column..).unwrap_or_default());
    }
    out.push(b' ');
    write_column::<12>(out, metadata.size);
    out.push(b' ');
    write_ls_date(out, metadata.modified, now);
    out.push(b' ');
    write_safe(out, name);
    let target = metadata.target.as_deref().filter(|_| metadata.kind == FileKind::Symlink);
    if let Some(target) = target {
        out.extend_from_slice(b" -> ");
        write_safe(out, target);
    } else if options.classify {
        out.extend(classification(metadata));
    }
    out.extend_from_slice(b"\r\n");
}

/// The ten letters of the first column.
fn mode_letters(kind: FileKind, mode: u32) -> [u8; 10] {
    let first = match kind {
        FileKind::Directory => b'd',
        FileKind::Symlink => b'l',
        FileKind::File | FileKind::Other => b'-',
    };
    let three = |shift: u32| THREE_LETTERS[(mode >> shift & 7) as usize];
    let ([ur, uw, ux], [gr, gw, gx], [or, ow, ox]) = (three(6), three(3), three(0));
    let mut letters = [first, ur, uw, ux, gr, gw, gx, or, ow, ox];
    if mode & 0o7000 != 0 {
        for (bit, column, letter) in [(0o4000, 3, b's'), (0o2000, 6, b's'), (0o1000, 9, b't')] {
            if mode & bit != 0 {
                letters[column] = if letters[column] == b'x' { letter } else { letter.to_ascii_uppercase() };
            }
        }
    }
    letters
}

/// Writes a name with `?` for what would break the line apart or play with the terminal that shows it.
fn write_safe(out: &mut Vec<u8>, name: &[u8]) {
    let start = out.len();
    out.extend_from_slice(name);
    if holds_control(name) {
        let written = out.iter_mut().skip(start);
        written.filter(|byte| byte.is_ascii_control()).for_each(|byte| *byte = b'?');
    }
}

/// Whether there is a control byte in `name`: eight bytes at a time, the last eight once more rather than one by one.
fn holds_control(name: &[u8]) -> bool {
    let Some(last) = name.last_chunk::<8>() else { return name.iter().any(u8::is_ascii_control) };
    name.as_chunks::<8>().0.iter().chain([last]).any(|eight| {
        // The highest bit of each byte stays for those below blank, and those that are DEL. A byte beside such a one
        // may be taken for one too, so it says only whether there is any.
        let eight = u64::from_le_bytes(*eight);
        let delete = eight ^ (ONES * 0x7f);
        let low = eight.wrapping_sub(ONES * 0x20) & !eight;
        let deleted = delete.wrapping_sub(ONES) & !delete;
        (low | deleted) & (ONES * 0x80) != 0
    })
}

/// The lowest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

const THREE_LETTERS: [[u8; 3]; 8] = [*b"---", *b"--x", *b"-w-", *b"-wx", *b"r--", *b"r-x", *b"rw-", *b"rwx"];

/// An owner's or group's column while nothing stands in it.
const BLANKS: [u8; 8] = [b' '; 8];

/// What a line without its name is usually long.
const USUAL_COLUMNS: usize = 64;
