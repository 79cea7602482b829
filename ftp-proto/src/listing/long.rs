//! LIST's lines: those of `ls -l`, which no RFC defines and every client parses.

use alloc::vec::Vec;

use super::{ListOptions, classification, write_principal};
use crate::calendar::write_ls_date;
use crate::digits::write_number;
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
    write_number::<10>(out, metadata.links.max(1), 3, b' ');
    for (word, number) in [(&metadata.owner, metadata.uid), (&metadata.group, metadata.gid)] {
        out.push(b' ');
        let column = out.len();
        write_principal(out, word.as_deref(), number);
        out.resize(out.len().max(column + 8), b' ');
    }
    out.push(b' ');
    write_number::<10>(out, metadata.size, 12, b' ');
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
    let mut letters = *b"-rwxrwxrwx";
    letters[0] = match kind {
        FileKind::Directory => b'd',
        FileKind::Symlink => b'l',
        FileKind::File | FileKind::Other => b'-',
    };
    for (bit, letter) in letters[1..].iter_mut().enumerate() {
        if mode & (0o400 >> bit) == 0 {
            *letter = b'-';
        }
    }
    for (bit, column, letter) in [(0o4000, 3, b's'), (0o2000, 6, b's'), (0o1000, 9, b't')] {
        if mode & bit != 0 {
            letters[column] = if letters[column] == b'x' { letter } else { letter.to_ascii_uppercase() };
        }
    }
    letters
}

/// Writes a name with `?` for what would break the line apart or play with the terminal that shows it.
fn write_safe(out: &mut Vec<u8>, name: &[u8]) {
    out.extend(name.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
}

/// What a line without its name is usually long.
const USUAL_COLUMNS: usize = 64;
