//! Listings: each entry is one line, from which a client reads the same name, size and kind.
//!
//! Input: what an entry is made from; the rest, after the first LF, is its name.

use arbitrary::Unstructured;
use ftp_proto::listing::{Facts, ListOptions, MlsxRole, write_list_line, write_mlsx, write_name_line};
use ftp_proto::storage::{Entry, FileKind, Metadata, Permissions};
use ftp_proto::time::UnixTime;

/// The target `facts`.
pub fn facts(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok((entry, permissions, now, all)) = u.arbitrary::<(Entry, Permissions, UnixTime, bool)>() else { return };
    // Any bytes at all: the storage is not to be trusted with names.
    let raw = u.take_rest();
    let name = if raw.is_empty() { &entry.name[..] } else { raw };
    let facts = if all { Facts::ALL } else { Facts::from_names([&b"type"[..], b"SIZE"]) };
    machine_line(name, &entry.metadata, facts, permissions);
    long_line(name, &entry.metadata, now);
    bare_line(name, &entry.metadata);
}

/// RFC 3659 §7.2: facts, a space, the name.
fn machine_line(name: &[u8], metadata: &Metadata, facts: Facts, permissions: Permissions) {
    let mut line = Vec::new();
    let fits = !name.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
    let written = write_mlsx(&mut line, name, metadata, facts, MlsxRole::Entry, permissions);
    assert_eq!(written, fits);
    if !written {
        return assert!(line.is_empty());
    }
    let space = line.iter().position(|byte| *byte == b' ').expect("a space before the name");
    let (told, shown) = line.split_at(space);
    assert_eq!(&shown[1..], name);
    assert!(!told.iter().any(u8::is_ascii_control));
    let mut size = None;
    for fact in told.split_inclusive(|byte| *byte == b';') {
        let fact = fact.strip_suffix(b";").expect("a semicolon behind each fact");
        let equals = fact.iter().position(|byte| *byte == b'=').expect("a value");
        let value = &fact[equals + 1..];
        match &fact[..equals] {
            b"type" => {
                let kind = match value {
                    b"file" => FileKind::File,
                    b"dir" => FileKind::Directory,
                    b"OS.unix=special" => FileKind::Other,
                    link => {
                        assert!(link.starts_with(b"OS.unix=slink:") || link == b"OS.unix=symlink");
                        FileKind::Symlink
                    }
                };
                assert_eq!(kind, metadata.kind);
            }
            b"size" => size = Some(number(value)),
            b"unix.mode" => {
                let mode = u32::from_str_radix(&String::from_utf8_lossy(value), 8).expect("octal");
                assert_eq!(mode, metadata.mode & 0o7777);
            }
            b"modify" | b"create" => assert!(value.len() == 14 && value.iter().all(u8::is_ascii_digit)),
            _ => {}
        }
    }
    let expected = (metadata.kind == FileKind::File).then_some(metadata.size);
    assert_eq!(size, expected);
}

/// `ls -l`, as clients take it apart: eight columns between blanks, then one blank and the name.
fn long_line(name: &[u8], metadata: &Metadata, now: UnixTime) {
    let mut line = Vec::new();
    write_list_line(&mut line, name, metadata, now, ListOptions::default());
    let mut rest = line.strip_suffix(b"\r\n").expect("a line end");
    assert!(!rest.iter().any(u8::is_ascii_control));
    let mut columns = Vec::new();
    for _ in 0..8 {
        rest = rest.trim_ascii_start();
        let (column, behind) = rest.split_at(rest.iter().position(|byte| *byte == b' ').expect("a column"));
        columns.push(column);
        rest = behind;
    }
    let kind = match metadata.kind {
        FileKind::Directory => b'd',
        FileKind::Symlink => b'l',
        _ => b'-',
    };
    assert!(columns[0].len() == 10 && columns[0][0] == kind);
    assert_eq!(number(columns[4]), metadata.size);
    assert!(number(columns[6]) <= 31);
    let mut shown = [b" ", name].concat();
    if let (FileKind::Symlink, Some(target)) = (metadata.kind, &metadata.target) {
        shown.extend_from_slice(b" -> ");
        shown.extend_from_slice(target);
    }
    let safe: Vec<u8> = shown.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }).collect();
    assert_eq!(rest, safe);
}

/// NLST: the name itself, or nothing.
fn bare_line(name: &[u8], metadata: &Metadata) {
    let mut line = Vec::new();
    write_name_line(&mut line, b"dir/", name, metadata, ListOptions::default());
    let fits = !name.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
    let expected = if fits { [b"dir/", name, b"\r\n"].concat() } else { Vec::new() };
    assert_eq!(line, expected);
}

fn number(text: &[u8]) -> u64 {
    String::from_utf8_lossy(text).parse().expect("a number")
}
