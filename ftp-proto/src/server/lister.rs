//! What LIST, NLST, MLSD and STAT of a path show: which directories to read, in which order, as which lines.
//!
//! ```text
//!             found                       a file
//! Literal ─────────────► Target ──────────────────► Single ──► Done
//!    │ else: options        │ no such name, a glob
//!    └──────────────────────┤────────────► Parent ─┐
//!                           │ open                 │ open
//!                           ▼                      ▼
//!            next of -R ◄── Reading ◄──────────────┘
//!                │ none left
//!                └───────► Done
//! ```
//!
//! It knows no transfer: it says what to [`ask`](Lister::ask), takes the answer, and fills a buffer that whoever owns
//! it sends. Neither the directories ahead nor the entries to sort grow without bound.

mod lines;

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::failure::Failure;
use crate::id::DirId;
use crate::limits::Limits;
use crate::listing::{self, Facts, ListOptions};
use crate::outcome::{Done, Entries};
use crate::path::VirtualPath;
use crate::storage::{Entry, Metadata, Permissions, Wanted};
use crate::ticket::{Answer, outcome};
use crate::time::UnixTime;

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    List,
    Names,
    Machine,
}

/// All that a listing needs to know of its session.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) format: Format,
    pub(super) cwd: VirtualPath,
    pub(super) now: UnixTime,
    pub(super) facts: Facts,
    pub(super) permissions: Permissions,
    pub(super) limits: Limits,
}

/// A listing under way.
#[derive(Debug)]
pub(super) struct Lister {
    setting: Setting,
    options: ListOptions,
    stage: Stage,
    /// The argument without its options, as the client spelled it.
    argument: Box<[u8]>,
    target: VirtualPath,
    /// What stands before each name of NLST.
    prefix: Vec<u8>,
    pattern: Option<Box<[u8]>>,
    dir: Option<DirId>,
    /// Directories that -R has still to show, the next one last.
    ahead: Vec<VirtualPath>,
    shown: usize,
    sorting: Option<Vec<Entry>>,
    out: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Is there a file with the whole argument as its name, dash and all?
    Literal,
    Target,
    Single,
    Parent,
    Reading,
    /// Opening the next directory of -R.
    Next,
    Done,
}

/// What the listing needs from the storage next.
#[derive(Debug)]
pub(super) enum Ask {
    Stat(VirtualPath),
    OpenDir(VirtualPath, Wanted),
    ReadDir(DirId, usize),
}

impl Lister {
    /// A listing of `argument`, options and all.
    ///
    /// # Errors
    /// What the argument is instead of a path.
    pub(super) fn new(setting: Setting, argument: &[u8]) -> Result<Self, crate::path::PathError> {
        let target = setting.cwd.clone();
        let mut this = Self {
            setting,
            options: ListOptions::default(),
            stage: Stage::Literal,
            argument: argument.into(),
            target,
            prefix: Vec::new(),
            pattern: None,
            dir: None,
            ahead: Vec::new(),
            shown: 0,
            sorting: None,
            out: Vec::new(),
        };
        let has_options = argument.first() == Some(&b'-') && this.setting.format != Format::Machine;
        if has_options {
            this.target = this.setting.cwd.resolve(argument, this.setting.limits.path)?;
        } else {
            this.aim(argument)?;
        }
        Ok(this)
    }

    /// The path that is listed.
    pub(super) fn target(&self) -> &VirtualPath {
        &self.target
    }

    /// Whether the argument was found: from here on the listing cannot be refused.
    pub(super) fn has_begun(&self) -> bool {
        matches!(self.stage, Stage::Reading | Stage::Next | Stage::Done)
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Bytes that are ready to be sent.
    pub(super) fn buffered(&self) -> usize {
        self.out.len()
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// The directory that is open, to be closed by whoever breaks the listing off.
    pub(super) fn take_dir(&mut self) -> Option<DirId> {
        self.dir.take()
    }

    /// The question to put to the storage now; `None` when it is done.
    pub(super) fn ask(&mut self) -> Option<Ask> {
        Some(match self.stage {
            Stage::Literal | Stage::Single => Ask::Stat(self.target.clone()),
            Stage::Target => Ask::OpenDir(self.target.clone(), self.wanted()),
            Stage::Parent => Ask::OpenDir(self.target.parent(), self.wanted()),
            Stage::Next => Ask::OpenDir(self.ahead.last()?.clone(), self.wanted()),
            Stage::Reading => Ask::ReadDir(self.dir?, self.setting.limits.directory_page),
            Stage::Done => return None,
        })
    }

    /// Takes the answer to the question; `opened` names the directory when it was to be opened. Gives a directory to
    /// close, if one was read to its end.
    ///
    /// # Errors
    /// Why the listing is refused, or broken off.
    pub(super) fn answer(
        &mut self,
        opened: Option<DirId>,
        result: Result<Answer, Failure>,
    ) -> Result<Option<DirId>, Failure> {
        match self.stage {
            Stage::Literal => self.answer_literal(outcome(result))?,
            Stage::Target => self.answer_target(opened, outcome(result))?,
            Stage::Single => self.answer_single(outcome(result))?,
            Stage::Parent => self.answer_parent(opened, outcome(result))?,
            Stage::Next => self.answer_next(opened, outcome(result)),
            Stage::Reading => return self.answer_page(outcome(result)?),
            Stage::Done => {}
        }
        Ok(None)
    }

    /// Aims at `argument`, its options taken off.
    fn aim(&mut self, argument: &[u8]) -> Result<(), crate::path::PathError> {
        self.argument = argument.into();
        self.target = match argument {
            b"" => self.setting.cwd.clone(),
            path => self.setting.cwd.resolve(path, self.setting.limits.path)?,
        };
        self.stage = if self.options.directory { Stage::Single } else { Stage::Target };
        Ok(())
    }

    fn answer_literal(&mut self, result: Result<Metadata, Failure>) -> Result<(), Failure> {
        if result.is_ok() {
            self.stage = Stage::Target;
            return Ok(());
        }
        let argument = core::mem::take(&mut self.argument);
        let (options, path) = listing::split_options(&argument);
        self.options = options;
        self.aim(path).map_err(|_| Failure::NameNotAllowed)
    }

    fn answer_target(&mut self, opened: Option<DirId>, result: Result<Done, Failure>) -> Result<(), Failure> {
        match result {
            Ok(Done) => {
                if !self.argument.is_empty() {
                    self.prefix = self.argument.to_vec();
                    if self.prefix.last() != Some(&b'/') {
                        self.prefix.push(b'/');
                    }
                }
                self.begin_reading(opened);
                Ok(())
            }
            Err(Failure::NotADirectory) if self.setting.format != Format::Machine => {
                self.stage = Stage::Single;
                Ok(())
            }
            Err(Failure::NotFound) => self.try_glob(),
            Err(failure) => Err(failure),
        }
    }

    fn answer_single(&mut self, result: Result<Metadata, Failure>) -> Result<(), Failure> {
        let metadata = match result {
            Ok(metadata) => metadata,
            Err(Failure::NotFound) => return self.try_glob(),
            Err(failure) => return Err(failure),
        };
        self.stage = Stage::Done;
        let spelled = if self.argument.is_empty() { b"." } else { &*self.argument };
        let name = match self.setting.format {
            Format::List => self.target.file_name().unwrap_or(b"/").to_vec(),
            Format::Names | Format::Machine => spelled.to_vec(),
        };
        self.write_line(&name, &metadata);
        Ok(())
    }

    /// Nothing has that name: its last component may be a pattern.
    fn try_glob(&mut self) -> Result<(), Failure> {
        let last = self.argument.rsplit(|b| *b == b'/').next().unwrap_or_default();
        if self.setting.format == Format::Machine || !listing::is_glob(last) {
            return Err(Failure::NotFound);
        }
        self.pattern = Some(last.into());
        self.prefix = self.argument.get(..self.argument.len() - last.len()).unwrap_or_default().to_vec();
        self.stage = Stage::Parent;
        Ok(())
    }

    fn answer_parent(&mut self, opened: Option<DirId>, result: Result<Done, Failure>) -> Result<(), Failure> {
        result?;
        self.begin_reading(opened);
        Ok(())
    }

    fn answer_next(&mut self, opened: Option<DirId>, result: Result<Done, Failure>) {
        let Some(path) = self.ahead.pop() else { return self.next_or_done() };
        if result.is_err() {
            // Gone or locked meanwhile: the others are shown all the same.
            return self.next_or_done();
        }
        self.target = path;
        self.heading();
        self.begin_reading(opened);
    }

    fn begin_reading(&mut self, opened: Option<DirId>) {
        self.dir = opened;
        self.stage = Stage::Reading;
        self.sorting = self.sorts().then(Vec::new);
    }

    fn answer_page(&mut self, page: Entries) -> Result<Option<DirId>, Failure> {
        if self.pattern.is_none() && self.sorting.is_none() {
            self.out.reserve(page.entries.len() * self.usual_line());
        }
        for entry in page.entries {
            self.take_entry(entry);
        }
        if !page.last {
            return Ok(None);
        }
        if let Some(mut entries) = self.sorting.take() {
            entries.sort_by(|one, other| self.order(one, other));
            entries.iter().for_each(|entry| self.write_line(&entry.name, &entry.metadata));
        }
        self.next_or_done();
        Ok(self.dir.take())
    }

    fn take_entry(&mut self, entry: Entry) {
        if self.pattern.as_ref().is_some_and(|pattern| !listing::glob_matches(pattern, &entry.name)) {
            return;
        }
        let recurses = self.options.recursive && entry.metadata.is_directory();
        if recurses && self.shown < self.setting.limits.recursion {
            self.shown += 1;
            let base = if self.pattern.is_some() { self.target.parent() } else { self.target.clone() };
            // Behind what is ahead already: the directory just read comes out in its own order.
            self.ahead.extend(base.join(&entry.name));
        }
        match &mut self.sorting {
            Some(entries) if entries.len() < self.setting.limits.sorted_entries => {
                // The name may be a part of a whole page's: where few match, it must not keep all the others.
                let name = match self.pattern {
                    Some(_) => Bytes::copy_from_slice(&entry.name),
                    None => entry.name,
                };
                return entries.push(Entry { name, ..entry });
            }
            // Too many to sort: from here on in the storage's order.
            Some(_) => {
                let entries = self.sorting.take().unwrap_or_default();
                entries.iter().for_each(|entry| self.write_line(&entry.name, &entry.metadata));
            }
            None => {}
        }
        self.write_line(&entry.name, &entry.metadata);
    }

    fn next_or_done(&mut self) {
        // A pattern picks names of one directory; within those it is spent.
        self.pattern = None;
        self.stage = if self.ahead.is_empty() { Stage::Done } else { Stage::Next };
    }
}
