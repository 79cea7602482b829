//! What clients may see of files, by what they were told before.
//!
//! Each path is a register: a change takes effect at one moment between its command and its reply, whole; whoever reads
//! sees what was there at some moment of the reading. What is written in place (APPE, REST and STOR) may be seen half
//! done while it is under way. The order in which this is told is the order of the world: tell of each command when it
//! is sent, of each reply when it has come.
//!
//! ```text
//! let op = files.begin(account, path, What::Store(content));     // STOR is sent
//! files.end(op, Outcome::Acknowledged)?;                         // 226 has come
//! let since = files.mark();                                      // RETR is sent
//! files.saw(account, since, path, 0, &bytes, Extent::Complete)?; // 226 has come, and these bytes before it
//! files.check(disk.snapshot())?;                                 // what is really there
//! ```
//!
//! What it leaves to the caller: only one client at a time writes to a path in place, and only what it may see; the
//! root's directory of an account's name is the account's own, `/shared` is everybody's. A `Store` whose final reply
//! was refused after its commit may have run is [`Outcome::Unknown`].

mod effects;
mod history;
mod power;
mod version;

#[cfg(test)]
mod against_disk;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ftp_proto::VirtualPath;

use self::history::{Entry, History, Stamp};
pub use self::version::Extent;
use self::version::{State, Version};
use crate::content::{Content, Pieces};
use crate::storage::{Durability, Held};

/// Somebody who may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(u32);

/// A change under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub(super) Stamp);

/// A moment in the order of what was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub(super) Stamp);

/// A change that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// STOR without REST.
    Store(Content),
    /// STOU: the path is the directory. See [`Files::named`].
    StoreUnique(Content),
    /// APPE: all of it behind what is there.
    Append(Content),
    /// REST `from` and STOR: what the content has from there on, to the same place.
    Resume {
        /// Which.
        content: Content,
        /// From where on.
        from: u64,
    },
    /// DELE.
    Delete,
    /// RNFR and RNTO. A directory takes along what is in it.
    Rename {
        /// To where.
        to: VirtualPath,
    },
    /// MKD.
    MakeDir,
    /// RMD.
    RemoveDir,
}

/// How a change ended, as its client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2yz: it is done.
    Acknowledged,
    /// 4yz or 5yz: it is not done, and will not be.
    Refused,
    /// Nobody said. It may still come about, until it is [settled](Files::settle).
    Unknown,
}

/// What the server does with the part of an upload that arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partial {
    /// It is discarded.
    #[default]
    Discarded,
    /// It is kept, for a later resume.
    Kept,
}

/// The oracle of files.
#[derive(Debug)]
pub struct Files {
    durability: Durability,
    partial: Partial,
    clock: Stamp,
    /// Name, and how many contents there are of it.
    accounts: Vec<(Arc<[u8]>, u32)>,
    paths: BTreeMap<VirtualPath, History>,
    operations: BTreeMap<OpId, Operation>,
    /// Renames of single files of which nobody knows whether they have happened.
    moves: Vec<(OpId, Operation)>,
    /// Nobody who looks began before.
    horizon: Stamp,
    flushed: Stamp,
    recovering: bool,
    /// How many paths there may be before all are looked through.
    sweep_at: usize,
}

#[derive(Clone, Debug)]
struct Operation {
    account: Account,
    path: VirtualPath,
    what: What,
    begun: Stamp,
    /// Its client does not wait for it any more.
    forsaken: bool,
}

// Who and what there is.
impl Files {
    /// An empty tree, on a disk of this kind, behind a server that does this with partial uploads.
    #[must_use]
    pub fn new(durability: Durability, partial: Partial) -> Self {
        let mut this = Self {
            durability,
            partial,
            clock: 0,
            accounts: Vec::new(),
            paths: BTreeMap::new(),
            operations: BTreeMap::new(),
            moves: Vec::new(),
            horizon: 0,
            flushed: 0,
            recovering: false,
            sweep_at: SWEEP,
        };
        this.present_dir(&VirtualPath::root());
        this
    }

    /// One more account. At most 4,095.
    pub fn account(&mut self, name: &str) -> Account {
        self.accounts.push((name.as_bytes().into(), 0));
        Account(self.accounts.len() as u32)
    }

    /// A content that the account has never stored before. The millionth is the first again.
    pub fn content(&mut self, account: Account, len: u64) -> Content {
        let last = self.accounts.get_mut(account.0 as usize - 1).map_or(0, |(_, last)| {
            *last = (*last + 1) % (1 << SERIAL_BITS);
            *last
        });
        Content { author: account.0 << SERIAL_BITS | last, len: len.min(Content::LONGEST) }
    }

    /// A file that is there before all begins.
    pub fn present(&mut self, path: &VirtualPath, content: Content) {
        self.know(path, State::File(Version::of(content)));
    }

    /// A file of just these bytes that is there before all begins.
    pub fn present_bytes(&mut self, path: &VirtualPath, bytes: &[u8]) {
        self.know(path, State::File(Version::exact(bytes)));
    }

    /// A directory that is there before all begins.
    pub fn present_dir(&mut self, path: &VirtualPath) {
        self.know(path, State::Directory);
    }

    /// Whether the account may see a path: its own, those in `/shared`, and the root.
    #[must_use]
    pub fn may_see(&self, account: Account, path: &VirtualPath) -> bool {
        let own = self.accounts.get(account.0 as usize - 1).map(|(name, _)| &**name);
        path.components().next().is_none_or(|top| top == b"shared" || Some(top) == own)
    }

    /// The present moment: take it when a command is sent that only looks.
    pub fn mark(&mut self) -> Mark {
        Mark(self.tick())
    }

    /// Nobody will tell of a look that began before `mark`, so what was over by then can be forgotten.
    pub fn forget(&mut self, mark: Mark) {
        self.horizon = self.horizon.max(mark.0);
        if self.paths.len() >= self.sweep_at {
            let from = self.pruned_to();
            self.paths.retain(|_, history| history.prune(from));
            self.sweep_at = self.paths.len() * 2 + SWEEP;
        }
    }

    /// How many changes are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.operations.len() + self.paths.values().map(|history| history.0.len()).sum::<usize>()
    }
}

// What clients see.
impl Files {
    /// `account` was sent these bytes of the file at `path`, from offset `from` on, by a transfer that was asked for at
    /// `since` and has ended now.
    ///
    /// # Errors
    /// What is wrong: no version of the file that was there in that time begins so, or is so, or it is not for this
    /// account's eyes.
    pub fn saw(
        &mut self,
        account: Account,
        since: Mark,
        path: &VirtualPath,
        from: u64,
        bytes: &[u8],
        extent: Extent,
    ) -> Result<(), String> {
        let now = self.tick();
        if !self.may_see(account, path) {
            return Err(format!("{account:?} was sent {path}, which is not its own: {:?}", Pieces(bytes)));
        }
        if extent == Extent::Partial && bytes.is_empty() {
            return Ok(());
        }
        let matches = |state: &State| matches!(state, State::File(version) if version.matches(from, bytes, extent));
        let Some(history) = self.paths.get_mut(path) else {
            return Err(format!("{path} was never there, and was seen: {:?}", Pieces(bytes)));
        };
        let current: Vec<usize> = history.current(since.0).collect();
        let whole: Vec<usize> =
            current.iter().copied().filter(|at| history.0[*at].states.iter().any(matches)).collect();
        let half_done = current.iter().any(|at| history.0[*at].during_from(since.0).any(matches));
        if whole.is_empty() && !half_done {
            return Err(self.unlike(path, since.0, &Held::File(bytes), from));
        }
        // Where only one change can have led to this, it has happened.
        if let [at] = *whole
            && extent == Extent::Complete
            && !half_done
            && !bytes.is_empty()
            && let entry = &mut history.0[at]
            && entry.during.is_empty()
        {
            entry.states.retain(matches);
            entry.seen = true;
            if let Some(op) = entry.op {
                self.happened(op, path, now);
            }
        }
        Ok(())
    }

    /// Somebody who asked at `since` was told that there is no file at `path`.
    ///
    /// # Errors
    /// There was one all the time.
    pub fn missed(&mut self, since: Mark, path: &VirtualPath) -> Result<(), String> {
        self.tick();
        let Some(history) = self.paths.get(path) else { return Ok(()) };
        let other = |state: &State| !matches!(state, State::File(_));
        if history.states(since.0).any(other) {
            return Ok(());
        }
        Err(format!("{path} was there all the time, and was not found"))
    }

    /// Judges a whole tree as it is now. The first one behind a loss of power tells what was left, and is believed where
    /// it is legal.
    ///
    /// # Errors
    /// What is there and must not be, or is not there and must be.
    pub fn check<'a>(&mut self, tree: impl IntoIterator<Item = (VirtualPath, Held<'a>)>) -> Result<(), String> {
        let now = self.tick();
        let found: BTreeMap<VirtualPath, Held<'a>> = tree.into_iter().collect();
        for (path, history) in &self.paths {
            let held = found.get(path);
            if !history.states(now).any(|state| is(state, held)) {
                return Err(match held {
                    Some(held) => self.unlike(path, now, held, 0),
                    None => format!("{path} is gone; legal: {:?}", history.states(now).collect::<Vec<_>>()),
                });
            }
        }
        for (path, held) in &found {
            if !self.paths.contains_key(path) && !self.is_unnamed(path, held) {
                return Err(format!("{path} is there, and nobody made it: {}", shown(held)));
            }
        }
        self.moves.iter().try_for_each(|(op, one)| self.check_move(*op, one, &found))?;
        if std::mem::take(&mut self.recovering) {
            self.believe(&found, now);
        }
        Ok(())
    }
}

// Inside.
impl Files {
    fn tick(&mut self) -> Stamp {
        self.clock += 1;
        self.clock
    }

    fn know(&mut self, path: &VirtualPath, state: State) {
        let now = self.tick();
        self.paths.insert(path.clone(), History(vec![Entry::known(vec![state], now)]));
    }

    /// What looks behind this moment cannot come any more.
    fn pruned_to(&self) -> Stamp {
        let eldest = self.operations.values().find(|one| !one.forsaken).map_or(Stamp::MAX, |one| one.begun);
        let durable = if self.durability == Durability::Later { self.flushed } else { Stamp::MAX };
        self.horizon.min(eldest).min(durable)
    }

    /// The known paths at and beneath `top`.
    fn beneath(&self, top: &VirtualPath) -> Vec<VirtualPath> {
        let behind = self.paths.range((Bound::Included(top), Bound::Unbounded)).map(|(path, _)| path);
        let near = behind.take_while(|path| path.as_bytes().starts_with(top.as_bytes()));
        near.filter(|path| path.starts_with(top)).cloned().collect()
    }

    /// The change is certain now, at all the paths that it is about.
    fn happened(&mut self, op: OpId, path: &VirtualPath, now: Stamp) {
        let paths = self.operations.get(&op).map_or_else(|| vec![path.clone()], |one| self.about(one));
        for path in paths {
            let history = self.paths.get_mut(&path);
            history.into_iter().flat_map(|history| history.of(op)).for_each(|entry| {
                entry.happened(now);
                entry.seen = true;
            });
        }
    }

    /// The paths that a change is about.
    fn about(&self, one: &Operation) -> Vec<VirtualPath> {
        match &one.what {
            What::Rename { to } => [self.beneath(&one.path), self.beneath(to)].concat(),
            _ => vec![one.path.clone()],
        }
    }

    fn unlike(&self, path: &VirtualPath, since: Stamp, held: &Held<'_>, from: u64) -> String {
        let legal: Vec<&State> = self.paths.get(path).into_iter().flat_map(|it| it.states(since)).take(8).collect();
        format!("{path} from {from} on is {}; legal: {legal:?}", shown(held))
    }

    /// A file that STOU may have made, whose name was never told.
    fn is_unnamed(&self, path: &VirtualPath, held: &Held<'_>) -> bool {
        self.operations.values().filter(|one| one.path == path.parent()).any(|one| match one.what {
            What::StoreUnique(content) => {
                let version = Version::of(content);
                let partial = self.partial == Partial::Kept && is(&State::File(version.clone().prefix()), Some(held));
                partial || is(&State::File(version), Some(held))
            }
            _ => false,
        })
    }

    /// A rename has happened at both ends, or at none.
    fn check_move(&self, op: OpId, one: &Operation, found: &BTreeMap<VirtualPath, Held<'_>>) -> Result<(), String> {
        let What::Rename { to } = &one.what else { return Ok(()) };
        let (Some(here), Some(there)) = (self.paths.get(&one.path), self.paths.get(to)) else { return Ok(()) };
        // Only where nothing else has happened at either: what else there is, was known when it began.
        let alone = |history: &History| {
            history.0.iter().all(|entry| entry.op == Some(op) || entry.certain && entry.ended < Some(one.begun))
        };
        let was_here = !here.others(op, one.begun).contains(&State::Absent);
        if !was_here || !alone(here) || !alone(there) {
            return Ok(());
        }
        let mine = |history: &History, held| {
            let entries = history.0.iter().filter(|entry| entry.op == Some(op));
            entries.flat_map(|entry| &entry.states).any(|state| is(state, held))
        };
        let (left, came) = (!found.contains_key(&one.path), mine(there, found.get(to)));
        let was_there = there.others(op, one.begun).iter().any(|state| is(state, found.get(to)));
        match (left, came) {
            (true, false) => Err(format!("{} was renamed to {to}, and is lost", one.path)),
            (false, true) if !was_there => Err(format!("{} was renamed to {to}, and is at both", one.path)),
            _ => Ok(()),
        }
    }
}

fn is(state: &State, held: Option<&Held<'_>>) -> bool {
    match (state, held) {
        (State::Absent, None) | (State::Directory, Some(Held::Directory)) => true,
        (State::File(version), Some(Held::File(bytes))) => version.matches(0, bytes, Extent::Complete),
        _ => false,
    }
}

fn shown(held: &Held<'_>) -> String {
    match held {
        Held::Directory => "a directory".to_owned(),
        Held::File(bytes) => format!("{:?}", Pieces(bytes)),
    }
}

/// How many bits of an author's number count the contents of an account.
const SERIAL_BITS: u32 = 20;
const SWEEP: usize = 64;
