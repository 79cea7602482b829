//! HASH, OPTS HASH, RANG (draft-bryan-ftpext-hash, draft-bryan-ftp-range); XCRC and its kin; MD5 and MMD5
//! (draft-twine-ftpmd5).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Session;
use super::failures::{path_error, refusal};
use super::long::Task;
use crate::action::StorageAction;
use crate::command::{FileRange, RawPath};
use crate::digits::{Decimal, write_number};
use crate::failure::Failure;
use crate::outcome::Digest;
use crate::path::VirtualPath;
use crate::reply::{Reply, reply, with_quotes_doubled};
use crate::storage::HashAlgorithm;
use crate::ticket::Ticket;
use crate::verb::Verb;

/// A digest in the making, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Digesting {
    verb: Verb,
    algorithm: HashAlgorithm,
    /// As the client named it.
    name: RawPath,
    from: u64,
    /// Another reading of the name, should there be no such file.
    or: Option<FileRange>,
    /// MMD5's files that are still to come, the last first, and what is known of the others.
    left: Vec<(RawPath, VirtualPath)>,
    made: Vec<u8>,
}

impl Session {
    /// The algorithm of HASH: what the client chose, or else the first that is on.
    fn hash_algorithm(&self) -> Option<HashAlgorithm> {
        let (chosen, on) = (self.parameters.hash, self.config.hashes);
        if on.contains(chosen) { Some(chosen) } else { on.iter().next() }
    }

    /// `HASH SHA-256*;SHA-512`: those that are on, a star behind the one in use.
    pub(super) fn hash_feature(&self) -> Vec<u8> {
        let mut line = b"HASH ".to_vec();
        let used = self.hash_algorithm();
        for algorithm in self.config.hashes.iter() {
            line.extend_from_slice(algorithm.name().as_bytes());
            line.extend_from_slice(if Some(algorithm) == used { b"*;" } else { b";" });
        }
        line.pop();
        line
    }

    pub(super) fn run_opts_hash(&mut self, wanted: Option<HashAlgorithm>) {
        if !self.config.allows(Verb::Hash) {
            return self.finish(reply!("504 HASH is switched off."));
        }
        if let Some(algorithm) = wanted {
            if !self.config.hashes.contains(algorithm) {
                return self.finish(reply!("504 The algorithm is switched off."));
            }
            self.parameters.hash = algorithm;
        }
        let reply = match self.hash_algorithm() {
            Some(algorithm) => Reply::line(200, &[algorithm.name().as_bytes()]),
            None => reply!("504 The algorithm is switched off."),
        };
        self.finish(reply);
    }

    /// RANG: the next HASH is of these bytes only, the last included. `1 0` takes it back.
    pub(super) fn run_rang(&mut self, first: u64, last: u64) {
        let range = (first <= last).then_some((first, last));
        self.parameters.ahead.set_range(range);
        self.finish(match range {
            None => reply!("350 The whole file again."),
            Some(_) => {
                let (first, last) = (Decimal::new(first), Decimal::new(last));
                Reply::line(350, &[b"HASH is of bytes ", first.as_bytes(), b" to ", last.as_bytes(), b"."])
            }
        });
    }

    pub(super) fn run_hash(&mut self, path: &[u8]) {
        let (from, to) = match self.parameters.ahead.take_range() {
            Some((first, last)) => (first, Some(last.saturating_add(1))),
            None => (0, None),
        };
        let Some(algorithm) = self.hash_algorithm() else {
            return self.finish(reply!("504 The algorithm is switched off."));
        };
        self.digest(Verb::Hash, algorithm, FileRange { path: path.into(), from, to }, None);
    }

    pub(super) fn run_checksum(&mut self, verb: Verb, of: FileRange, or: Option<FileRange>) {
        let Some(algorithm) = verb.algorithm() else {
            return self.finish(reply!("504 No such algorithm."));
        };
        self.digest(verb, algorithm, of, or);
    }

    fn digest(&mut self, verb: Verb, algorithm: HashAlgorithm, of: FileRange, or: Option<FileRange>) {
        let Some(path) = self.resolve_or_refuse(&of.path) else { return };
        if of.to.is_some_and(|to| to < of.from) {
            return self.finish(reply!("501 The range ends before it begins."));
        }
        let FileRange { path: name, from, to } = of;
        let digesting = Digesting { verb, algorithm, name, from, or, left: Vec::new(), made: Vec::new() };
        self.begin_long(verb.name(), Task::Digest(Box::new(digesting)), hash(algorithm, path, from, to));
    }

    /// MMD5: one file after the other.
    pub(super) fn run_mmd5(&mut self, names: Vec<RawPath>) {
        let Some(paths) = self.resolve_all(&names) else { return };
        let mut left: Vec<_> = names.into_iter().zip(paths).rev().collect();
        let Some((name, path)) = left.pop() else { return self.finish(reply!("501 Name a file.")) };
        let (verb, algorithm) = (Verb::Mmd5, HashAlgorithm::Md5);
        let digesting = Digesting { verb, algorithm, name, from: 0, or: None, left, made: Vec::new() };
        self.begin_long(verb.name(), Task::Digest(Box::new(digesting)), hash(algorithm, path, 0, None));
    }

    /// The paths that the arguments name, as many as may be; or answers why not.
    pub(super) fn resolve_all(&mut self, names: &[RawPath]) -> Option<Vec<VirtualPath>> {
        if names.len() > self.config.limits.files_named {
            self.finish(reply!("501 Too many files."));
            return None;
        }
        let limit = self.config.limits.path;
        match names.iter().map(|name| self.cwd.resolve(name, limit)).collect() {
            Ok(paths) => Some(paths),
            Err(error) => {
                self.finish(path_error(error));
                None
            }
        }
    }

    /// A digest is there, or not. Gives what is to be asked next; or else has replied.
    pub(super) fn answer_digest(
        &mut self,
        mut digesting: Box<Digesting>,
        result: Result<Digest, Failure>,
    ) -> Option<(Box<Digesting>, impl FnOnce(Ticket<Digest>) -> StorageAction + use<>)> {
        match result {
            Ok(digest) => {
                digesting.add(&digest);
                if let Some((name, path)) = digesting.left.pop() {
                    digesting.name = name;
                    let algorithm = digesting.algorithm;
                    return Some((digesting, hash(algorithm, path, 0, None)));
                }
                self.finish(Reply::line(digesting.code(), &[&digesting.made]));
            }
            // There is no file of the whole name: its end was a range.
            Err(Failure::NotFound | Failure::NotADirectory | Failure::NameNotAllowed) if digesting.or.is_some() => {
                let FileRange { path: name, from, to } = digesting.or.take()?;
                let path = self.resolve_or_refuse(&name)?;
                if to.is_some_and(|to| to < from) {
                    self.finish(reply!("501 The range ends before it begins."));
                    return None;
                }
                (digesting.name, digesting.from) = (name, from);
                let algorithm = digesting.algorithm;
                return Some((digesting, hash(algorithm, path, from, to)));
            }
            Err(Failure::BadOffset) => self.finish(reply!("552 The range lies beyond the end of the file.")),
            Err(failure) => self.finish(refusal(failure, digesting.verb)),
        }
        None
    }
}

impl Digesting {
    const fn code(&self) -> u16 {
        match self.verb {
            Verb::Hash => 213,
            Verb::Md5 => 251,
            Verb::Mmd5 => 252,
            _ => 250,
        }
    }

    /// Writes what is said of one file.
    fn add(&mut self, digest: &Digest) {
        let made = &mut self.made;
        match self.verb {
            // SHA-256 0-49 hex path: the last byte counts.
            Verb::Hash => {
                made.extend_from_slice(self.algorithm.name().as_bytes());
                made.push(b' ');
                made.extend_from_slice(Decimal::new(self.from).as_bytes());
                made.push(b'-');
                made.extend_from_slice(Decimal::new(digest.to.saturating_sub(1).max(self.from)).as_bytes());
                made.push(b' ');
                write_hex(made, digest);
                made.push(b' ');
                made.extend_from_slice(&self.name);
            }
            Verb::Md5 | Verb::Mmd5 => {
                if !made.is_empty() {
                    made.extend_from_slice(b", ");
                }
                let plain = !self.name.iter().any(|byte| matches!(byte, b' ' | b',' | b'"'));
                if plain {
                    made.extend_from_slice(&self.name)
                } else {
                    made.push(b'"');
                    made.extend_from_slice(&with_quotes_doubled(&self.name));
                    made.push(b'"');
                }
                made.push(b' ');
                write_capital_hex(made, digest);
            }
            _ => write_capital_hex(made, digest),
        }
    }
}

fn hash(
    algorithm: HashAlgorithm,
    path: VirtualPath,
    from: u64,
    to: Option<u64>,
) -> impl FnOnce(Ticket<Digest>) -> StorageAction {
    move |ticket| StorageAction::Hash { ticket, path, algorithm, from, to }
}

fn write_hex(out: &mut Vec<u8>, digest: &Digest) {
    digest.bytes.iter().for_each(|byte| write_number::<16>(out, u64::from(*byte), 2, b'0'));
}

fn write_capital_hex(out: &mut Vec<u8>, digest: &Digest) {
    let start = out.len();
    write_hex(out, digest);
    out.iter_mut().skip(start).for_each(u8::make_ascii_uppercase);
}
