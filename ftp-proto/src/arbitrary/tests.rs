//! What is made is what it says: legal commands and replies, answers that keep their promises.

use alloc::vec::Vec;

use ::arbitrary::Arbitrary;
use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::command::{Command, parse};
use crate::id::{DataId, DirId, FileId, ListenerId};
use crate::path::VirtualPath;
use crate::reply::Reply;
use crate::storage::Entry;
use crate::ticket::{Answer, outcome};
use crate::verb::Verb;

fn ticket<T: Outcome>() -> Ticket<T> {
    Ticket::new(crate::id::ActionId(1), 0)
}

fn answered<T: Outcome>(completion: Option<Completion>) -> core::result::Result<T, Failure> {
    outcome(completion.expect("an answer").result)
}

fn seeds() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(proptest::prelude::any::<u8>(), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_are_legal(seed in seeds()) {
        let command = Command::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        let mut line = Vec::new();
        command.write(&mut line);
        prop_assert!(!line.contains(&b'\n'));
        prop_assert_eq!(parse(&line), Ok(command));
    }

    #[test]
    fn paths_names_and_replies_are_legal(seed in seeds()) {
        let u = &mut Unstructured::new(&seed);
        let path = VirtualPath::arbitrary(u).unwrap();
        prop_assert_eq!(VirtualPath::parse(path.as_bytes()), Ok(path));
        let entry = Entry::arbitrary(u).unwrap();
        prop_assert!(!entry.name.iter().any(|byte| matches!(byte, 0 | b'/')) && !entry.name.is_empty());
        let reply = Reply::arbitrary(u).unwrap();
        prop_assert!((100..600).contains(&reply.code()) && reply.as_bytes().ends_with(b"\r\n"));
    }

    #[test]
    fn promises_are_kept(seed in seeds(), max in 1..30_usize) {
        let u = &mut Unstructured::new(&seed);
        let receive = DataAction::Receive { ticket: ticket(), data: DataId(1), max };
        if let Ok(Received { bytes, end }) = answered(settle(Action::Data(receive), u)) {
            prop_assert!(bytes.len() <= max && (!bytes.is_empty() || end.is_some()));
        }
        let read = StorageAction::Read { ticket: ticket(), file: FileId(1), at: 0, max };
        if let Ok(bytes) = answered::<Bytes>(settle(Action::Host(HostAction::Storage(read)), u)) {
            prop_assert!(bytes.len() <= max);
        }
        let page = StorageAction::ReadDir { ticket: ticket(), dir: DirId(1), max };
        if let Ok(page) = answered::<Entries>(settle(Action::Host(HostAction::Storage(page)), u)) {
            prop_assert!(page.entries.len() <= max);
        }
        let most = max as u64;
        let offload =
            DataAction::DataToFile { ticket: ticket(), data: DataId(1), file: FileId(1), at: 0, max: most };
        if let Ok(Moved { bytes, end }) = answered(settle(Action::Data(offload), u)) {
            prop_assert!(bytes == most || (bytes < most && end.is_some()));
        }
        let (address, ports) = ([192, 0, 2, 1].into(), Ports::Range { range: 2000..=2010, first: 2003 });
        let listen = DataAction::Listen { ticket: ticket(), listener: ListenerId(1), address, ports };
        if let Ok(Listening { address }) = answered(settle(Action::Data(listen), u)) {
            prop_assert!((2000..=2010).contains(&address.port()));
        }
    }
}

#[test]
fn without_bytes_every_answer_is_a_failure() {
    let close = DataAction::Close { ticket: ticket(), data: DataId(1), how: crate::action::CloseHow::Abort };
    let completion = settle(Action::Data(close), &mut Unstructured::new(b"")).expect("an answer");
    assert!(completion.failure().is_some());
}

#[test]
fn what_needs_no_answer_gets_none() {
    let u = &mut Unstructured::new(b"");
    assert!(settle(Action::Shutdown, u).is_none());
    assert!(settle(Action::Data(DataAction::CloseListener(ListenerId(1))), u).is_none());
}

#[test]
fn every_verb_comes_about() {
    let mut verbs = alloc::collections::BTreeSet::new();
    for number in 0..200_000_u32 {
        let seed: Vec<u8> = (0..8).flat_map(|at| number.wrapping_mul(2_654_435_761 + at).to_be_bytes()).collect();
        if let Ok(command) = Command::arbitrary(&mut Unstructured::new(&seed)) {
            let mut line = Vec::new();
            command.write(&mut line);
            verbs.extend(Verb::from_word(line.split(|byte| *byte == b' ').next().unwrap_or_default()));
        }
    }
    let missing: Vec<_> = crate::verb::TABLE.iter().map(|row| row.verb).filter(|verb| !verbs.contains(verb)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The answer of a ticket is of its type: what the ledger relies on.
#[test]
fn a_broken_promise_is_of_the_right_type_all_the_same() {
    let page = StorageAction::ReadDir { ticket: ticket(), dir: DirId(1), max: 1 };
    let seed = [200; 64];
    let completion = settle_anyhow(Action::Host(HostAction::Storage(page)), &mut Unstructured::new(&seed));
    assert!(matches!(completion.expect("an answer").result, Ok(Answer::Entries(_)) | Err(_)));
}
