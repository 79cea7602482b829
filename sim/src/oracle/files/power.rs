//! What may be left when the power fails.

use std::collections::BTreeMap;

use ftp_proto::VirtualPath;

use super::effects::limit;
use super::history::{Effect, Entry, History, Stamp};
use super::version::{State, Version};
use super::{Files, is};
use crate::storage::{Durability, Held};

impl Files {
    /// The power has failed: nothing that is under way will come about any more, and every session is over. Where a
    /// disk makes durable [`Later`](Durability::Later), whatever was there since the last [`flushed`](Self::flushed)
    /// may be there again.
    pub fn power_lost(&mut self) {
        let now = self.tick();
        for (op, one) in std::mem::take(&mut self.operations) {
            if self.durability == Durability::OnCommit {
                self.shatter(&one.path, now);
            }
            self.settle_entries(op, &one, now);
        }
        if self.durability == Durability::Later {
            self.moves.clear();
            let since = self.flushed;
            for history in self.paths.values_mut() {
                let left = left(history, since);
                *history = History(vec![Entry::known(left, now)]);
            }
            self.flushed = now;
        }
        self.recovering = true;
    }

    /// All that was done so far is durable.
    pub fn flushed(&mut self) {
        self.flushed = self.tick();
    }

    /// What was being written in place at `path` is left in pieces.
    fn shatter(&mut self, path: &VirtualPath, now: Stamp) {
        let Some(history) = self.paths.get_mut(path) else { return };
        for entry in history.0.iter_mut().filter(|entry| entry.ended.is_none() && !entry.undone.is_empty()) {
            let pieces = std::mem::take(&mut entry.during);
            entry.undone.extend(pieces.into_iter().map(|state| match state {
                State::File(version) => State::File(version.shattered([])),
                other => other,
            }));
            entry.ended = Some(now);
        }
    }

    /// What is there is what was left.
    pub(super) fn believe(&mut self, found: &BTreeMap<VirtualPath, Held<'_>>, now: Stamp) {
        for (path, history) in &mut self.paths {
            let held = found.get(path);
            let mut states: Vec<State> = history.states(now).filter(|state| is(state, held)).cloned().collect();
            limit(&mut states);
            // Of a file in pieces it is known now which these are.
            if let ([State::File(version)], Some(Held::File(bytes))) = (&*states, held)
                && !version.is_exact()
            {
                states = vec![State::File(Version::exact(bytes))];
            }
            *history = History(vec![Entry::known(states, now)]);
        }
        self.moves.clear();
        self.paths.retain(|path, _| found.contains_key(path));
    }
}

/// What of a history may be there again.
fn left(history: &History, since: Stamp) -> Vec<State> {
    let entries: Vec<&Entry> = history.current(since).map(|at| &history.0[at]).collect();
    let mut all = Effect::default();
    for entry in entries {
        all.states.extend(entry.states.iter().cloned());
        all.during.extend(entry.during.iter().cloned());
    }
    if !all.during.is_empty() {
        let versions: Vec<Version> = (all.states.iter().chain(&all.during))
            .filter_map(|state| if let State::File(version) = state { Some(version.clone()) } else { None })
            .collect();
        if let [first, rest @ ..] = &*versions {
            all.states.push(State::File(first.clone().shattered(rest)));
        }
    }
    limit(&mut all.states);
    all.states
}
