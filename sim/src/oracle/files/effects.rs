//! Changes: what each makes of what was there, and what its end tells.

use ftp_proto::VirtualPath;

use super::history::{Effect, Entry, History, Stamp};
use super::version::{State, Version, Written};
use super::{Account, Files, OpId, Operation, Outcome, Partial, What};

impl Files {
    /// `account` asks for a change at `path`.
    pub fn begin(&mut self, account: Account, path: &VirtualPath, what: What) -> OpId {
        let begun = self.tick();
        let op = OpId(begun);
        match &what {
            What::StoreUnique(_) => {}
            What::Rename { to } if to == path => {}
            What::Rename { to } => {
                for (from, to) in self.moved(path, to) {
                    let states = self.others(&from, op, begun);
                    self.enter(op, &to, Effect { states: present(states), ..Effect::default() });
                    self.enter(op, &from, Effect { states: vec![State::Absent], ..Effect::default() });
                }
            }
            _ => {
                let effect = self.effect(op, path, &what);
                self.enter(op, path, effect);
            }
        }
        self.operations.insert(op, Operation { account, path: path.clone(), what, begun, forsaken: false });
        op
    }

    /// The server has told which name a [`StoreUnique`](What::StoreUnique) gets.
    pub fn named(&mut self, op: OpId, path: &VirtualPath) {
        let Some(one) = self.operations.get_mut(&op) else { return };
        if let What::StoreUnique(content) = one.what {
            one.what = What::Store(content);
            one.path = path.clone();
            let effect = self.effect(op, path, &What::Store(content));
            self.enter(op, path, effect);
        }
    }

    /// What became of a change. Behind [`Outcome::Unknown`] it may come about at any time, until it is
    /// [settled](Self::settle).
    ///
    /// # Errors
    /// What is wrong: it was acknowledged, and cannot have happened; or refused, and was seen.
    pub fn end(&mut self, op: OpId, outcome: Outcome) -> Result<(), String> {
        let now = self.tick();
        if outcome == Outcome::Unknown {
            if let Some(one) = self.operations.get_mut(&op) {
                one.forsaken = true;
            }
            return Ok(());
        }
        let Some(one) = self.operations.remove(&op) else { return Err(format!("{op:?} has ended before")) };
        let result = match outcome {
            Outcome::Acknowledged => self.acknowledged(op, &one, now),
            Outcome::Refused | Outcome::Unknown => self.refused(op, &one, now),
        };
        self.prune(&one);
        result
    }

    /// The server has let go of a change whose outcome is unknown (its session is over): what has not happened by now
    /// will not happen.
    pub fn settle(&mut self, op: OpId) {
        let now = self.tick();
        let Some(one) = self.operations.remove(&op) else { return };
        self.settle_entries(op, &one, now);
        self.prune(&one);
    }

    pub(super) fn settle_entries(&mut self, op: OpId, one: &Operation, now: Stamp) {
        let kept = self.partial == Partial::Kept;
        let in_place = in_place(&one.what).is_some();
        for path in self.about(one) {
            for entry in self.paths.get_mut(&path).into_iter().flat_map(|history| history.of(op)) {
                entry.ended.get_or_insert(now);
                if in_place {
                    // With all that can have come of it, it has happened.
                    entry.states.append(&mut entry.undone);
                    entry.certain = true;
                    limit(&mut entry.states);
                } else if kept && matches!(one.what, What::Store(_)) {
                    entry.states.extend(entry.during.iter().cloned());
                }
            }
        }
        if matches!(&one.what, What::Rename { .. }) && !self.is_certain(op, one) {
            self.moves.push((op, one.clone()));
        }
        self.moves
            .retain(|(op, one)| self.paths.get(&one.path).is_some_and(|it| it.0.iter().any(|e| e.op == Some(*op))));
    }

    fn is_certain(&self, op: OpId, one: &Operation) -> bool {
        let entries = self.paths.get(&one.path).into_iter().flat_map(|history| &history.0);
        entries.filter(|entry| entry.op == Some(op)).all(|entry| entry.certain)
    }

    fn acknowledged(&mut self, op: OpId, one: &Operation, now: Stamp) -> Result<(), String> {
        let Operation { account, path, what, begun, .. } = one;
        self.may_change(*account, path)?;
        let before = self.others(path, op, *begun);
        let possible = match what {
            What::StoreUnique(_) => {
                // Whatever its name is: it is there.
                self.operations.insert(op, Operation { forsaken: true, ..one.clone() });
                true
            }
            What::Store(_) => before.iter().any(|state| *state != State::Directory),
            What::Append(_) | What::Resume { .. } => {
                let mut entries = self.paths.get_mut(path).into_iter().flat_map(|history| history.of(op));
                entries.all(|entry| !entry.states.is_empty())
            }
            What::Delete => before.iter().any(|state| matches!(state, State::File(_))),
            What::MakeDir => before.contains(&State::Absent),
            What::RemoveDir => {
                let beneath = self.beneath(path);
                let full = beneath
                    .iter()
                    .find(|beneath| *beneath != path && !self.others(beneath, op, *begun).contains(&State::Absent));
                if let Some(beneath) = full {
                    return Err(format!("{path} was removed, and {beneath} was in it"));
                }
                before.contains(&State::Directory)
            }
            What::Rename { to } => {
                self.may_change(*account, to)?;
                self.renamed(op, (path, to), *begun);
                before.iter().any(|state| *state != State::Absent)
            }
        };
        if !possible {
            return Err(format!("{what:?} of {path} was acknowledged, and cannot be: there was {before:?}"));
        }
        for path in self.about(one) {
            let history = self.paths.get_mut(&path);
            history.into_iter().flat_map(|history| history.of(op)).for_each(|entry| entry.happened(now));
        }
        Ok(())
    }

    /// What was at the old names by now is at the new ones.
    fn renamed(&mut self, op: OpId, (from, to): (&VirtualPath, &VirtualPath), begun: Stamp) {
        for (old, new) in self.moved(from, to) {
            let mut states = self.others(&old, op, begun);
            if old == *from {
                states = present(states);
            }
            let entry = self.paths.get_mut(&new).and_then(|history| history.of(op).next());
            if let Some(entry) = entry.filter(|entry| !entry.seen) {
                limit(&mut states);
                entry.states = states;
            }
        }
    }

    fn refused(&mut self, op: OpId, one: &Operation, now: Stamp) -> Result<(), String> {
        let kept = self.partial == Partial::Kept;
        let mut result = Ok(());
        for path in self.about(one) {
            let free = self.others(&path, op, one.begun).contains(&State::Absent);
            let Some(history) = self.paths.get_mut(&path) else { continue };
            if history.of(op).any(|entry| entry.seen) {
                result = Err(format!("{:?} of {} was refused, and {path} was seen so", one.what, one.path));
            }
            let mut left = Vec::new();
            for entry in history.of(op) {
                match one.what {
                    What::Append(_) | What::Resume { .. } if !entry.undone.is_empty() => {
                        // Every byte old or new, as far as it goes: that is so whatever came of it.
                        entry.states = std::mem::take(&mut entry.undone);
                        entry.happened(now);
                        left.push(op);
                    }
                    What::Store(_) if kept && free => {
                        entry.states.clone_from(&entry.during);
                        entry.ended = Some(now);
                        left.push(op);
                    }
                    _ => {}
                }
            }
            if left.is_empty() {
                history.0.retain(|entry| entry.op != Some(op));
            }
        }
        result
    }

    fn may_change(&self, account: Account, path: &VirtualPath) -> Result<(), String> {
        if self.may_see(account, path) {
            return Ok(());
        }
        Err(format!("{account:?} has changed {path}, which is not its own"))
    }

    /// What may be at `path` from `begun` on, but for `op`.
    fn others(&self, path: &VirtualPath, op: OpId, begun: Stamp) -> Vec<State> {
        self.paths.get(path).map_or_else(|| vec![State::Absent], |history| history.others(op, begun))
    }

    /// Each name that goes to another with a rename: at least the first.
    fn moved(&self, from: &VirtualPath, to: &VirtualPath) -> Vec<(VirtualPath, VirtualPath)> {
        let mut all = vec![(from.clone(), to.clone())];
        if from == to {
            return Vec::new();
        }
        let beneath = self.beneath(from).into_iter().filter(|path| path != from);
        all.extend(beneath.filter_map(|path| Some((path.clone(), moved(&path, from, to)?))));
        all
    }

    /// A change begins at `path`. Whatever is under way there has to do with it.
    fn enter(&mut self, op: OpId, path: &VirtualPath, effect: Effect) {
        let mut along = Vec::new();
        for (other, one) in self.operations.iter().filter(|(other, _)| **other != op) {
            match &one.what {
                // What is renamed to its own name stays what it is.
                What::Rename { to } if *to == one.path => {}
                What::Rename { to } => along.extend(moved(path, &one.path, to).map(|to| (*other, one.begun, to))),
                what if one.path == *path => {
                    if let (Some(written), Some(history)) = (in_place(what), self.paths.get_mut(path)) {
                        let bases = effect.states.iter().filter_map(base);
                        let more: Vec<_> = bases.map(|base| in_place_effect(&base, written, self.partial)).collect();
                        history.of(*other).for_each(|entry| more.iter().for_each(|more| add(entry, more)));
                    }
                }
                _ => {}
            }
        }
        for (other, begun, to) in along {
            let history = self.paths.entry(to).or_insert_with(History::new);
            let states = present(effect.states.clone());
            if let Some(entry) = history.of(other).next() {
                entry.states.extend(states);
                limit(&mut entry.states);
                continue;
            }
            history.0.push(Entry::begun(other, Effect { states, ..Effect::default() }, begun));
        }
        let from = self.pruned_to();
        let history = self.paths.entry(path.clone()).or_insert_with(History::new);
        history.prune(from);
        history.0.push(Entry::begun(op, effect, op.0));
    }

    fn effect(&self, op: OpId, path: &VirtualPath, what: &What) -> Effect {
        let states = match what {
            What::Store(content) => vec![State::File(Version::of(*content))],
            What::Delete | What::RemoveDir => vec![State::Absent],
            What::MakeDir => vec![State::Directory],
            What::StoreUnique(_) | What::Rename { .. } => Vec::new(),
            What::Append(_) | What::Resume { .. } => {
                let mut effect = Effect::default();
                let bases = self.others(path, op, op.0);
                // Two writers in one place: nobody knows which bytes win.
                let busy = self.paths.get(path).is_some_and(|history| history.is_busy(op));
                for base in bases.iter().filter_map(base) {
                    let base = if busy { base.wild() } else { base };
                    let Some(written) = in_place(what) else { continue };
                    let more = in_place_effect(&base, written, self.partial);
                    effect.states.extend(more.states);
                    effect.during.extend(more.during);
                    effect.undone.extend(more.undone);
                }
                if bases.contains(&State::Absent) {
                    effect.undone.push(State::Absent);
                }
                for states in [&mut effect.states, &mut effect.during, &mut effect.undone] {
                    limit(states);
                }
                return effect;
            }
        };
        let during = match what {
            What::Store(content) if self.partial == Partial::Kept => {
                vec![State::File(Version::of(*content).prefix())]
            }
            _ => Vec::new(),
        };
        Effect { states, during, undone: Vec::new() }
    }

    fn prune(&mut self, one: &Operation) {
        let from = self.pruned_to();
        for path in self.about(one) {
            if self.paths.get_mut(&path).is_some_and(|history| !history.prune(from)) {
                self.paths.remove(&path);
            }
        }
    }
}

fn add(entry: &mut Entry, more: &Effect) {
    let Entry { states, during, undone, .. } = entry;
    for (to, from) in [(states, &more.states), (during, &more.during), (undone, &more.undone)] {
        to.extend(from.iter().cloned());
        limit(to);
    }
}

/// What comes of writing in place into `base`.
fn in_place_effect(base: &Version, written: Written, partial: Partial) -> Effect {
    let file = |version: Option<Version>| version.map(State::File).into_iter().collect();
    let undone = match partial {
        Partial::Kept => base.torn(written),
        // What was put behind its end is taken off again.
        Partial::Discarded if written.at.is_none() => Some(base.clone()),
        Partial::Discarded => base.taken_back(written),
    };
    // Where it cannot begin at all, it leaves what is there.
    let undone = undone.or_else(|| Some(base.clone()));
    Effect { states: file(base.with(written)), during: file(base.torn(written)), undone: file(undone) }
}

fn in_place(what: &What) -> Option<Written> {
    match what {
        What::Append(content) => Some(Written { content: *content, from: 0, at: None }),
        What::Resume { content, from } => Some(Written { content: *content, from: *from, at: Some(*from) }),
        _ => None,
    }
}

/// What is written into: what is missing is made.
fn base(state: &State) -> Option<Version> {
    match state {
        State::Absent => Some(Version::empty()),
        State::File(version) => Some(version.clone()),
        State::Directory => None,
    }
}

fn present(mut states: Vec<State>) -> Vec<State> {
    states.retain(|state| *state != State::Absent);
    states
}

fn moved(path: &VirtualPath, from: &VirtualPath, to: &VirtualPath) -> Option<VirtualPath> {
    if !path.starts_with(from) {
        return None;
    }
    let rest = path.as_bytes().get(from.as_bytes().len()..)?;
    VirtualPath::parse(&[to.as_bytes(), rest].concat()).ok()
}

/// Where there are too many to tell them apart, one stands for all files among them.
pub(super) fn limit(states: &mut Vec<State>) {
    let mut known: Vec<State> = Vec::with_capacity(states.len());
    for state in states.drain(..) {
        if !known.contains(&state) {
            known.push(state);
        }
    }
    if known.len() > MOST_STATES {
        let versions: Vec<Version> =
            known.iter().filter_map(|state| base(state).filter(|_| *state != State::Absent)).collect();
        known.retain(|state| !matches!(state, State::File(_)));
        if let [first, rest @ ..] = &*versions {
            known.push(State::File(first.clone().shattered(rest).wild()));
        }
    }
    *states = known;
}

const MOST_STATES: usize = 8;
