//! The oracle of files in a world: who is judged, and what is still open.

use std::collections::{BTreeMap, BTreeSet};

use ftp_proto::VirtualPath;

use super::{Account, Files, Mark, OpId, Outcome, Partial, What};
use crate::storage::{Durability, Held};

/// The files of a world, and what its clients are about to tell of them.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) files: Files,
    accounts: BTreeMap<Vec<u8>, Account>,
    /// Beneath these nobody is judged.
    lawless: Vec<VirtualPath>,
    /// Looks under way. Those that began before the power failed are not judged: what was there then is not known any more.
    looks: BTreeSet<Mark>,
    /// Changes under way. Those that began before the power failed have ended with it.
    changes: BTreeSet<OpId>,
    /// Changes of which nobody knows what came of them.
    unknown: Vec<OpId>,
}

impl Judge {
    pub(crate) fn new(durability: Durability, partial: Partial, lawless: Vec<VirtualPath>) -> Self {
        let files = Files::new(durability, partial);
        Self {
            files,
            accounts: BTreeMap::new(),
            lawless,
            looks: BTreeSet::new(),
            changes: BTreeSet::new(),
            unknown: Vec::new(),
        }
    }

    pub(crate) fn add_account(&mut self, name: &[u8]) {
        let account = self.files.account(&String::from_utf8_lossy(name));
        self.accounts.insert(name.to_vec(), account);
    }

    pub(crate) fn account(&self, name: &[u8]) -> Option<Account> {
        self.accounts.get(name).copied()
    }

    /// All that is there at first.
    pub(crate) fn begin(&mut self, tree: Vec<(VirtualPath, Held<'_>)>) {
        for (path, held) in self.lawful(tree) {
            match held {
                Held::Directory => self.files.present_dir(&path),
                Held::File(bytes) => self.files.present_bytes(&path, bytes),
            }
        }
    }

    pub(crate) fn start(&mut self, account: Account, path: &VirtualPath, what: What) -> OpId {
        let change = self.files.begin(account, path, what);
        self.changes.insert(change);
        change
    }

    pub(crate) fn end(&mut self, change: OpId, outcome: Outcome) -> Result<(), String> {
        if !self.changes.remove(&change) {
            return Ok(());
        }
        if outcome == Outcome::Unknown {
            self.unknown.push(change);
        }
        self.files.end(change, outcome)
    }

    pub(crate) fn look(&mut self) -> Mark {
        let mark = self.files.mark();
        self.looks.insert(mark);
        mark
    }

    /// A look has ended, and is judged.
    pub(crate) fn looked(
        &mut self,
        mark: Mark,
        judge: impl FnOnce(&mut Files) -> Result<(), String>,
    ) -> Result<(), String> {
        if !self.looks.contains(&mark) {
            return Ok(());
        }
        let judged = judge(&mut self.files);
        self.looks.remove(&mark);
        let eldest = self.looks.first().copied().unwrap_or(mark);
        self.files.forget(eldest);
        judged
    }

    /// Every session is over.
    pub(crate) fn settle(&mut self) {
        self.unknown.drain(..).for_each(|change| self.files.settle(change));
    }

    /// The power has failed, and this is left.
    pub(crate) fn power_lost(&mut self, tree: Vec<(VirtualPath, Held<'_>)>) -> Result<(), String> {
        self.unknown.clear();
        self.looks.clear();
        self.changes.clear();
        self.files.power_lost();
        self.check(tree)
    }

    pub(crate) fn check(&mut self, tree: Vec<(VirtualPath, Held<'_>)>) -> Result<(), String> {
        let tree = self.lawful(tree);
        self.files.check(tree)
    }

    fn lawful<'a>(&self, mut tree: Vec<(VirtualPath, Held<'a>)>) -> Vec<(VirtualPath, Held<'a>)> {
        tree.retain(|(path, _)| !self.lawless.iter().any(|top| path.starts_with(top)));
        // Also where a storage has no directories.
        if !tree.iter().any(|(path, _)| path.is_root()) {
            tree.insert(0, (VirtualPath::root(), Held::Directory));
        }
        tree
    }
}
