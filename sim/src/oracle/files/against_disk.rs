//! The oracle and the disk against each other: whatever the disk does is legal, and what it is made to do wrong is not.

use bytes::Bytes;
use ftp_proto::storage::{FinishHow, Replace, WriteMode};
use ftp_proto::testing::{file_id, ticket};
use ftp_proto::{Failure, StorageAction as S, VirtualPath};

use super::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};
use crate::chance::Chance;
use crate::content::Content;
use crate::storage::{Disk, Durability, Held, SessionKey, Storage};

struct Run {
    disk: Disk,
    files: Files,
    chance: Chance,
    ann: Account,
    writers: [Writer; 3],
    sessions: u64,
    partial: Partial,
}

/// A client with one upload at a time.
struct Writer {
    session: SessionKey,
    upload: Option<Upload>,
}

struct Upload {
    op: OpId,
    file: u64,
    content: Content,
    at: u64,
    from: u64,
}

fn path(number: u64) -> VirtualPath {
    VirtualPath::parse(format!("/ann/{number}").as_bytes()).unwrap()
}

impl Run {
    fn new(seed: u64, durability: Durability, partial: Partial) -> Self {
        let mut disk = Disk::new(durability, Chance::from_seed(seed, 1));
        let mut files = Files::new(durability, partial);
        let ann = files.account("ann");
        let home = VirtualPath::parse(b"/ann").unwrap();
        disk.put_dir(&home).unwrap();
        files.present_dir(&home);
        let writers = [1, 2, 3].map(|session| Writer { session: SessionKey(session), upload: None });
        Self { disk, files, chance: Chance::from_seed(seed, 2), ann, writers, sessions: 3, partial }
    }

    fn run(&mut self, who: usize, action: S) -> Result<(), Failure> {
        let completion = self.disk.run(self.writers[who].session, action);
        completion.and_then(|completion| completion.failure()).map_or(Ok(()), Err)
    }

    /// A path: each client has one of its own to write to in place, and there are two for all.
    fn path(&mut self, who: usize, in_place: bool) -> VirtualPath {
        if in_place { path(who as u64) } else { path(3 + self.chance.below(2)) }
    }

    fn begin_upload(&mut self, who: usize) -> Result<(), String> {
        let len = self.chance.below(1500);
        let content = self.files.content(self.ann, len);
        let own = self.chance.below(2) == 0;
        let path = self.path(who, own);
        let (what, mode, from) = match self.chance.below(3) {
            1 if own => (What::Append(content), WriteMode::Append, 0),
            2 if own => {
                let from = self.chance.below(len + 1);
                (What::Resume { content, from }, WriteMode::At(from), from)
            }
            _ => (What::Store(content), WriteMode::Create(Replace::Allowed), 0),
        };
        let op = self.files.begin(self.ann, &path, what.clone());
        let open = S::OpenWrite {
            ticket: ticket(1),
            file: file_id(op.0),
            path: path.clone(),
            mode,
            permissions: 0o644,
            expected: 0,
        };
        if self.run(who, open).is_err() {
            return self.files.end(op, Outcome::Refused);
        }
        let at = match what {
            What::Append(_) => self.size(&path),
            _ => from,
        };
        self.writers[who].upload = Some(Upload { op, file: op.0, content, at, from });
        Ok(())
    }

    fn size(&self, path: &VirtualPath) -> u64 {
        let all = self.disk.snapshot();
        let found = all.iter().find(|(at, _)| at == path);
        found.map_or(0, |(_, held)| if let Held::File(bytes) = held { bytes.len() as u64 } else { 0 })
    }

    fn go_on(&mut self, who: usize, mut upload: Upload) -> Result<(), String> {
        let chunk = self.chance.below(600);
        let end = (upload.from + chunk).min(upload.content.len);
        if upload.from < end && self.chance.below(10) > 0 {
            let bytes = Bytes::from(upload.content.bytes(upload.from..end));
            let write = S::Write { ticket: ticket(1), file: file_id(upload.file), at: upload.at, bytes };
            self.run(who, write).unwrap();
            upload.at += end - upload.from;
            upload.from = end;
            self.writers[who].upload = Some(upload);
            return Ok(());
        }
        // Whoever sends only a part is refused, and so is now and then somebody who sends all.
        let refused = upload.from < upload.content.len || self.chance.below(8) == 0;
        let how = match (refused, self.partial) {
            (false, _) => FinishHow::Commit,
            (true, Partial::Discarded) => FinishHow::Discard,
            (true, Partial::Kept) => FinishHow::Keep,
        };
        if self.chance.below(8) == 0 {
            // The connection breaks; the server may have finished by then, or discards.
            if self.chance.below(2) == 0 {
                self.run(who, S::Finish { ticket: ticket(1), file: file_id(upload.file), how }).unwrap();
            }
            self.files.end(upload.op, Outcome::Unknown)?;
            self.disk.end(self.writers[who].session);
            self.files.settle(upload.op);
            self.sessions += 1;
            self.writers[who].session = SessionKey(self.sessions);
            return Ok(());
        }
        let finished = self.run(who, S::Finish { ticket: ticket(1), file: file_id(upload.file), how });
        let done = finished.is_ok() && !refused;
        self.files.end(upload.op, if done { Outcome::Acknowledged } else { Outcome::Refused })
    }

    fn change(&mut self, who: usize) -> Result<(), String> {
        let from = self.path(who, false);
        let (what, action) = match self.chance.below(3) {
            0 => (What::Delete, S::Remove { ticket: ticket(1), path: from.clone() }),
            _ => {
                let to = self.path(who, false);
                let rename =
                    S::Rename { ticket: ticket(1), from: from.clone(), to: to.clone(), replace: Replace::Allowed };
                (What::Rename { to }, rename)
            }
        };
        let op = self.files.begin(self.ann, &from, what);
        let done = self.run(who, action).is_ok();
        match self.chance.below(6) {
            0 => {
                self.files.end(op, Outcome::Unknown)?;
                self.files.settle(op);
                Ok(())
            }
            _ => self.files.end(op, if done { Outcome::Acknowledged } else { Outcome::Refused }),
        }
    }

    fn look(&mut self, since: Mark, all: &[(VirtualPath, Vec<u8>)]) -> Result<(), String> {
        for (path, bytes) in all {
            self.files.saw(self.ann, since, path, 0, bytes, Extent::Complete)?;
            let from = self.chance.below(bytes.len() as u64 + 1);
            let rest = &bytes[from as usize..];
            self.files.saw(self.ann, since, path, from, rest, Extent::Partial)?;
        }
        Ok(())
    }

    fn all(&self) -> Vec<(VirtualPath, Vec<u8>)> {
        let files = self.disk.snapshot().into_iter().filter_map(|(path, held)| match held {
            Held::File(bytes) => Some((path, bytes.to_vec())),
            Held::Directory => None,
        });
        files.collect()
    }

    fn go(&mut self, steps: usize) -> Result<(), String> {
        for _ in 0..steps {
            let since = self.files.mark();
            let old = self.all();
            let who = self.chance.below(3) as usize;
            match (self.writers[who].upload.take(), self.chance.below(4)) {
                (Some(upload), _) => self.go_on(who, upload)?,
                (None, 0) => self.change(who)?,
                (None, _) => self.begin_upload(who)?,
            }
            match self.chance.below(40) {
                0 => {
                    self.disk.flush();
                    self.files.flushed();
                }
                1 => {
                    self.disk.lose_power();
                    self.files.power_lost();
                    self.files.check(self.disk.snapshot())?;
                    self.writers.iter_mut().for_each(|writer| writer.upload = None);
                    continue;
                }
                2..10 => self.look(since, &old)?,
                _ => {}
            }
            let now = self.files.mark();
            let all = self.all();
            self.look(now, &all)?;
            self.files.check(self.disk.snapshot())?;
            self.files.forget(now);
        }
        assert!(self.disk.complaints().is_empty());
        assert!(self.files.remembered() < 60, "{}", self.files.remembered());
        Ok(())
    }
}

fn kinds() -> impl Iterator<Item = (Durability, Partial)> {
    let durabilities = [Durability::OnCommit, Durability::Later].into_iter();
    durabilities.flat_map(|durability| [Partial::Discarded, Partial::Kept].map(|partial| (durability, partial)))
}

#[test]
fn whatever_the_disk_does_is_legal() {
    for (durability, partial) in kinds() {
        for seed in 0..16 {
            let mut run = Run::new(seed, durability, partial);
            if let Err(error) = run.go(120) {
                panic!("seed {seed}, {durability:?}, {partial:?}: {error}");
            }
        }
    }
}

#[test]
fn a_disk_that_spoils_a_file_is_caught() {
    for (durability, partial) in kinds() {
        let mut caught = 0;
        for seed in 0..40 {
            let mut run = Run::new(seed, durability, partial);
            run.go(60).unwrap();
            // Not what was there, and not what may be there: one byte is another's.
            let spoilt: Vec<_> = run.all().into_iter().filter(|(_, bytes)| bytes.len() > 16).take(1).collect();
            for (path, mut bytes) in spoilt {
                bytes[9] ^= 0x40;
                run.disk.put_file(&path, bytes).unwrap();
                caught += usize::from(run.files.check(run.disk.snapshot()).is_err());
            }
        }
        // Where much was torn, little is known.
        assert!(caught > 25, "{durability:?}, {partial:?}: {caught} of 40");
    }
}
