//! What happened at one path: when each change began, when it was over at the latest, and whether it is certain.
//!
//! ```text
//! begun ──────── ended          a change takes effect at one moment in between; where it is not certain, perhaps never
//!          begun ─── ended
//! ```
//!
//! A state is over once another, which is certain, began behind its end, and has ended.

use super::OpId;
use super::version::State;

/// The order of all that the oracle is told.
pub(super) type Stamp = u64;

#[derive(Debug)]
pub(super) struct History(pub(super) Vec<Entry>);

/// What a change makes of what was there.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) states: Vec<State>,
    pub(super) during: Vec<State>,
    pub(super) undone: Vec<State>,
}

/// One change.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// By which operation; `None` for what was there before all.
    pub(super) op: Option<OpId>,
    /// What is there then: one of these.
    pub(super) states: Vec<State>,
    /// What may also be there while it is under way.
    pub(super) during: Vec<State>,
    /// What is there when it was broken off; for what is written in place.
    pub(super) undone: Vec<State>,
    pub(super) begun: Stamp,
    /// When it has happened, if it has at all; `None` while that may yet be.
    pub(super) ended: Option<Stamp>,
    pub(super) certain: bool,
    /// Somebody saw it.
    pub(super) seen: bool,
}

impl Entry {
    /// It was so at `stamp`.
    pub(super) fn known(states: Vec<State>, stamp: Stamp) -> Self {
        Self { op: None, states, begun: stamp, ended: Some(stamp), certain: true, ..Self::default() }
    }

    /// It begins, and may or may not happen.
    pub(super) fn begun(op: OpId, effect: Effect, begun: Stamp) -> Self {
        let Effect { states, during, undone } = effect;
        Self { op: Some(op), states, during, undone, begun, ..Self::default() }
    }

    /// It has happened by `stamp`.
    pub(super) fn happened(&mut self, stamp: Stamp) {
        self.certain = true;
        self.ended = Some(self.ended.map_or(stamp, |ended| ended.min(stamp)));
    }
}

impl History {
    pub(super) fn new() -> Self {
        Self(vec![Entry::known(vec![State::Absent], 0)])
    }

    /// Whether entry `at` is over for whoever looks from `from` on.
    fn is_over(&self, at: &Entry, from: Stamp) -> bool {
        let Some(ended) = at.ended else { return false };
        self.0.iter().any(|next| next.certain && ended < next.begun && next.ended.is_some_and(|ended| ended < from))
    }

    /// Which entries count for whoever looks between `from` and now.
    pub(super) fn current(&self, from: Stamp) -> impl Iterator<Item = usize> {
        (0..self.0.len()).filter(move |at| !self.is_over(&self.0[*at], from))
    }

    /// What may be there between `from` and now; also what is there only while something is under way.
    pub(super) fn states(&self, from: Stamp) -> impl Iterator<Item = &State> {
        self.current(from).flat_map(move |at| {
            let entry = &self.0[at];
            entry.states.iter().chain(entry.during_from(from))
        })
    }

    /// What may be there between `from` and now, by others than `op`, whole.
    pub(super) fn others(&self, op: OpId, from: Stamp) -> Vec<State> {
        let mut states: Vec<State> = Vec::new();
        let entries = self.current(from).map(|at| &self.0[at]).filter(|entry| entry.op != Some(op));
        for state in entries.flat_map(|entry| &entry.states) {
            if !states.contains(state) {
                states.push(state.clone());
            }
        }
        states
    }

    /// Whether something is under way here besides `op`.
    pub(super) fn is_busy(&self, op: OpId) -> bool {
        self.0.iter().any(|entry| entry.ended.is_none() && entry.op != Some(op))
    }

    pub(super) fn of(&mut self, op: OpId) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut().filter(move |entry| entry.op == Some(op))
    }

    /// Forgets what is over for whoever looks from `from` on. Returns whether there is anything left to know.
    pub(super) fn prune(&mut self, from: Stamp) -> bool {
        let over: Vec<bool> = self.0.iter().map(|entry| self.is_over(entry, from)).collect();
        let mut over = over.into_iter();
        self.0.retain(|_| !over.next().unwrap_or(false));
        let nothing = matches!(&*self.0, [Entry { certain: true, ended: Some(ended), states, during, .. }]
            if *ended < from && during.is_empty() && **states == [State::Absent]);
        !nothing
    }
}

impl Entry {
    /// What may be there while it is under way, for whoever looks from `from` on.
    pub(super) fn during_from(&self, from: Stamp) -> impl Iterator<Item = &State> {
        let overlaps = self.ended.is_none_or(|ended| ended >= from);
        self.during.iter().filter(move |_| overlaps)
    }
}
