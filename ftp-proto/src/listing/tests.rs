//! Known answers, and what must hold for any name at all.

mod facts;
mod globs;
mod lines;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::storage::Permissions;
use crate::time::UnixTime;

/// 2024-01-02T15:04:05.5Z.
const AT: UnixTime = UnixTime { secs: 1_704_207_845, nanos: 500_000_000 };

fn link(target: &[u8]) -> Metadata {
    Metadata { kind: FileKind::Symlink, target: Some(target.into()), mode: 0o777, ..Metadata::file(7, AT) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Bytes that a hostile file system might put into a name.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\r'), Just(b'\n'), Just(0), Just(b';'), Just(b' '), Just(b'x'), any::<u8>()];
    proptest::collection::vec(byte, 0..24)
}

prop_compose! {
    fn any_metadata()(
        kind in prop_oneof![
            Just(FileKind::File), Just(FileKind::Directory), Just(FileKind::Symlink), Just(FileKind::Other)
        ],
        (size, secs, nanos) in any::<(u64, i64, u32)>(),
        created in any::<Option<i64>>(),
        (mode, uid, gid) in any::<(u32, u32, u32)>(),
        (owner, group) in any::<(Option<String>, Option<String>)>(),
        links in any::<u64>(),
        unique in any::<Option<(u64, u64)>>(),
        target in proptest::option::of(hostile()),
    ) -> Metadata {
        Metadata {
            kind,
            size,
            modified: UnixTime { secs, nanos },
            created: created.map(UnixTime::from_secs),
            mode,
            uid,
            gid,
            owner: owner.map(Arc::from),
            group: group.map(Arc::from),
            links,
            unique,
            target: target.map(Arc::from),
        }
    }
}

proptest! {
    #[test]
    fn an_entry_is_one_long_line(name in hostile(), entry in any_metadata(), now: i64, classify: bool) {
        let options = ListOptions { classify, ..ListOptions::default() };
        let mut out = Vec::new();
        write_list_line(&mut out, &name, &entry, UnixTime::from_secs(now), options);
        let line = out.strip_suffix(b"\r\n").unwrap();
        prop_assert!(!line.iter().any(u8::is_ascii_control));
        let columns = line.split(|byte| *byte == b' ').filter(|column| !column.is_empty());
        prop_assert!(columns.count() >= 8, "{}", line.escape_ascii());
    }

    #[test]
    fn an_entry_is_one_name_or_nothing(prefix in hostile(), name in hostile(), entry in any_metadata()) {
        let mut out = Vec::new();
        write_name_line(&mut out, &prefix, &name, &entry, ListOptions::default());
        if fits_a_line(&prefix) && fits_a_line(&name) {
            prop_assert_eq!(out, [&prefix[..], &name, b"\r\n"].concat());
        } else {
            prop_assert!(out.is_empty());
        }
    }

    #[test]
    fn an_entry_is_one_line_of_facts_or_nothing(name in hostile(), entry in any_metadata(), facts: u16) {
        let mut out = b"before".to_vec();
        let facts = text_of_facts(facts);
        let facts = Facts::from_names(facts.iter().map(String::as_bytes));
        let written = write_mlsx(&mut out, &name, &entry, facts, MlsxRole::Entry, Permissions::READ_WRITE);
        prop_assert_eq!(written, fits_a_line(&name));
        let line = out.strip_prefix(b"before").unwrap();
        if !written {
            prop_assert!(line.is_empty());
            return Ok(());
        }
        let blank = line.iter().position(|byte| *byte == b' ').unwrap();
        let (told, rest) = line.split_at(blank);
        prop_assert_eq!(&rest[1..], &name[..]);
        prop_assert!(told.is_empty() || told.ends_with(b";"));
        prop_assert!(!told.iter().any(u8::is_ascii_control));
        for fact in told.split(|byte| *byte == b';').filter(|fact| !fact.is_empty()) {
            prop_assert!(fact.contains(&b'='), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn any_argument_splits_without_loss(argument in "[ -]{0,2}[-a-zR1. ]{0,12}") {
        let (_, path) = split_options(argument.as_bytes());
        prop_assert!(argument.as_bytes().ends_with(path));
    }
}

/// The names of the facts whose bits are set.
fn text_of_facts(bits: u16) -> Vec<String> {
    let mut names = Vec::new();
    Facts::ALL.write_names(&mut names);
    let names = text(names);
    names.split_terminator(';').enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| name.into()).collect()
}
