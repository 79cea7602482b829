//! What lasts when the power fails.
//!
//! ```text
//! OnCommit: an upload in place ──► bytes and a new name may be lost ──► Finish ──► they last; all else lasts when answered
//! Later:    every change       ──► may be lost                      ──► flush  ──► they last
//! ```
//!
//! What may be lost need not be: of a change of names all is there or nothing, later ones that build on it go with it,
//! and of bytes written in place any part may have reached the disk. A file written aside takes its name whole.

use std::collections::BTreeSet;

use super::tree::{Body, Edit, Id, ROOT, Tree};
use crate::chance::Chance;

/// When what is done outlasts a loss of power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it is answered; what is written in place, when its upload is finished.
    #[default]
    OnCommit,
    /// At some later time: see [`Disk::flush`](super::Disk::flush).
    Later,
}

impl Tree {
    /// All that was done is durable.
    pub(super) fn flush(&mut self) {
        self.unsynced.clear();
        for node in self.nodes.values_mut() {
            if let Body::File(content) = &mut node.body {
                content.durable = None;
            }
        }
        self.sweep();
    }

    /// A file's bytes, and the name that it was given for an upload, are durable, unless that comes later.
    pub(super) fn commit_in_place(&mut self, id: Id) {
        if self.durability == Durability::OnCommit {
            self.unsynced.retain(|change| !change.0.iter().any(|edit| edit.after == Some(id)));
            if let Ok(content) = self.content_mut(id) {
                content.durable = None;
            }
        }
    }

    /// Whether a loss of power could take anything away.
    pub(super) fn is_durable(&self) -> bool {
        let torn = |body: &Body| matches!(body, Body::File(content) if content.durable.is_some());
        self.unsynced.is_empty() && !self.nodes.values().any(|node| torn(&node.body))
    }

    pub(super) fn lose_power(&mut self, chance: &mut Chance) {
        for edit in self.lost(chance).into_iter().rev() {
            self.set_name(edit.dir, &edit.name, edit.before);
        }
        for node in self.nodes.values_mut() {
            node.opens = 0;
            let Body::File(content) = &mut node.body else { continue };
            let Some(durable) = content.durable.take() else { continue };
            let left = torn(durable, &content.bytes, chance);
            self.used = self.used + left.len() as u64 - content.bytes.len() as u64;
            content.bytes = left;
        }
        self.sweep();
    }

    /// The edits that are lost, in their order. Whatever builds on a lost one is lost, too.
    fn lost(&mut self, chance: &mut Chance) -> Vec<Edit> {
        let mut lost: Vec<Edit> = Vec::new();
        let mut nodes = BTreeSet::new();
        for change in std::mem::take(&mut self.unsynced) {
            let touched = |edit: &Edit| [Some(edit.dir), edit.before, edit.after].into_iter().flatten();
            let builds_on_lost = change.0.iter().any(|edit| {
                touched(edit).any(|id| nodes.contains(&id))
                    || lost.iter().any(|other| (other.dir, &other.name) == (edit.dir, &edit.name))
            });
            if builds_on_lost || chance.below(2) == 1 {
                nodes.extend(change.0.iter().flat_map(|edit| [edit.before, edit.after]).flatten());
                lost.extend(change.0);
            }
        }
        lost
    }

    /// Frees all that has no name and is not open.
    fn sweep(&mut self) {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![ROOT];
        while let Some(id) = ahead.pop() {
            if reached.insert(id)
                && let Ok(names) = self.names(id)
            {
                ahead.extend(names.values().copied());
            }
        }
        self.nodes.iter_mut().for_each(|(id, node)| node.linked = reached.contains(id));
        let gone: Vec<Id> =
            self.nodes.iter().filter(|(_, node)| !node.linked && node.opens == 0).map(|(id, _)| *id).collect();
        gone.into_iter().for_each(|id| self.drop_node(id));
    }
}

/// What is left of a file of which `old` was durable and `new` was written.
fn torn(old: Vec<u8>, new: &[u8], chance: &mut Chance) -> Vec<u8> {
    let upto = |chance: &mut Chance, most: usize| usize::try_from(chance.below(most as u64 + 1)).unwrap_or(0);
    match chance.below(4) {
        0 => new.to_vec(),
        1 => old,
        // In order, up to some byte.
        2 => {
            let written = upto(chance, new.len());
            let mut left = new[..written].to_vec();
            left.extend_from_slice(old.get(written..).unwrap_or_default());
            left
        }
        // In any order, by blocks; what was never written reads as zeros.
        _ => {
            let size = if chance.below(2) == 0 { new.len() } else { old.len() };
            let mut left = old;
            left.resize(size, 0);
            for (block, new) in left.chunks_mut(BLOCK).zip(new.chunks(BLOCK)) {
                if chance.below(2) == 0 {
                    let both = block.len().min(new.len());
                    block[..both].copy_from_slice(&new[..both]);
                }
            }
            left
        }
    }
}

/// What a disk writes at once.
const BLOCK: usize = 512;
