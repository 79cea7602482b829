//! A client's directory, which is removed and made by commands that may stop half-way: what must be in it, and what may.

use std::collections::BTreeSet;

/// Names, of what is in a client's directory and of itself.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: String,
    must: BTreeSet<String>,
    may: BTreeSet<String>,
}

/// How many files it begins with.
const FILES: usize = 4;

impl Tree {
    /// As each run begins with it: its directories, then its files.
    pub(super) fn new(client: &str) -> Self {
        let root = format!("d{client}");
        let names: BTreeSet<String> = directories(&root).into_iter().chain(files(&root)).collect();
        Self { root, must: names.clone(), may: names }
    }

    /// Its directories, each behind the one it is in.
    pub(super) fn directories(&self) -> [String; 2] {
        directories(&self.root)
    }

    /// Its files.
    pub(super) fn files(&self) -> Vec<String> {
        files(&self.root)
    }

    /// SITE RMDIR was said to it.
    pub(super) fn maybe_removed(&mut self) {
        self.must.clear();
    }

    pub(super) fn removed(&mut self) {
        self.must.clear();
        self.may.clear();
    }

    /// SITE MKDIR was said to it.
    pub(super) fn maybe_made(&mut self) {
        self.may.extend(chain(&self.root));
    }

    pub(super) fn made(&mut self) {
        self.maybe_made();
        self.must.extend(chain(&self.root));
    }

    /// Whether `name` is in it, or it itself.
    pub(super) fn holds(&self, name: &str) -> bool {
        name.strip_prefix(&self.root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether these names of it may be there.
    pub(super) fn allows(&self, found: &BTreeSet<String>) -> bool {
        self.must.is_subset(found) && found.is_subset(&self.may)
    }
}

fn directories(root: &str) -> [String; 2] {
    [root.to_owned(), format!("{root}/s")]
}

fn files(root: &str) -> Vec<String> {
    (0..FILES).map(|number| format!("{root}/{number}")).chain([format!("{root}/s/x")]).collect()
}

/// What `SITE MKDIR d/p/q` makes.
fn chain(root: &str) -> [String; 3] {
    [root.to_owned(), format!("{root}/p"), format!("{root}/p/q")]
}
