//! Runs a trace against the engine as it is now, and compares.
//!
//! ```text
//! recorded event ──► Session ──► action ──► line ─┐
//! recorded action ───────────────────────── line ─┴─► the same?
//! ```
//!
//! Payloads that were not recorded are unknown: the session gets a filler of the same length, made of the payload's
//! hash, so that the same payload has the same filler. Where the engine hands a filler out again as it is, the hash of the
//! payload it stands for is compared. Of what it makes of fillers (parts, several in one) the length is compared; not
//! even that where a coding changes it. What it sends of its own, as listings are, is compared whole.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::action::{self, Style};
use super::parse::{Happened, Outcome, Step, Trace, TraceError, parse};
use super::report::{Difference, Report, Verdict};
use super::text::{self, Hash, Line, Literal, Payload, Value};
use super::{Payloads, text::Payload::Hashed};
use crate::action::Action;
use crate::event::Event;
use crate::failure::Failure;
use crate::id::ActionId;
use crate::notice::Notice;
use crate::outcome::Received;
use crate::server::{Misuse, Session};
use crate::ticket::{Answer, Completion};
use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Replays a trace against the engine and reports the first difference, if there is one.
///
/// # Errors
/// [`TraceError`], where `text` is not a trace.
pub fn replay(text: &str) -> Result<Report, TraceError> {
    Ok(parse(text)?.replay())
}

impl Trace<'_> {
    /// Replays it against the engine and reports the first difference, if there is one.
    #[must_use]
    pub fn replay(self) -> Report {
        let Self { config, seed, started, payloads, steps, text } = self;
        // A session takes 0 for 1.
        let chunk = config.limits.chunk.max(1);
        let session = Session::new(Arc::new(config), seed, started);
        let replay = Replay {
            session,
            fillers: Fillers { payloads, known: BTreeMap::new(), stood_for: BTreeSet::new() },
            chunk,
            coded: false,
        };
        replay.run(steps, text)
    }
}

/// The session that is run, and what it was told.
struct Replay {
    session: Session,
    fillers: Fillers,
    /// The largest payload there can be.
    chunk: usize,
    /// Whether a filler went through a coding: what comes of it is anyone's guess.
    coded: bool,
}

/// Which filler stands for which payload.
struct Fillers {
    payloads: Payloads,
    known: BTreeMap<Hash, Hash>,
    /// The payloads among them.
    stood_for: BTreeSet<Hash>,
}

impl Style for Fillers {
    fn payload(&self, bytes: &[u8], out: &mut String) -> fmt::Result {
        match self.payloads {
            Payloads::Hashed if !bytes.is_empty() => {
                let hash = Hash::of(bytes);
                write!(out, "{}", self.known.get(&hash).unwrap_or(&hash))
            }
            Payloads::Hashed | Payloads::Whole => write!(out, "{}", Literal(bytes)),
        }
    }

    /// Which verbs the recorder was told to hide is not known: a hidden argument is compared with none.
    fn hides(&self, _: &str) -> bool {
        false
    }
}

/// How a line compares.
enum Match {
    Same,
    /// But for a payload that nobody knows.
    PayloadUnknown,
    Different,
}

impl Replay {
    fn run(mut self, steps: Vec<Step<'_>>, text: &str) -> Report {
        let mut report = Report { events: 0, actions: 0, unknown_payloads: 0, verdict: Verdict::Same };
        for step in steps {
            report.events += 1;
            if let Err((line, recorded, now)) = self.step(step, &mut report) {
                let difference = Difference::new(line, recorded, now, text);
                report.verdict = if self.coded { Verdict::Unknown(difference) } else { Verdict::Differs(difference) };
                break;
            }
        }
        report
    }

    /// Runs one event. What differs: the line, what stands there, and what the engine did.
    fn step(&mut self, step: Step<'_>, report: &mut Report) -> Result<(), (usize, Option<String>, Option<String>)> {
        let Step { line, now, event, actions: recorded, misuse, left } = step;
        let foreign = matches!(misuse, Some((_, Misuse::ForeignCompletion)));
        let said;
        let event = match event {
            Happened::Connected { local, peer, admission, implicit_tls } => {
                Event::Connected { local, peer, admission, implicit_tls }
            }
            Happened::Received(bytes) => {
                said = bytes;
                Event::Received(&said)
            }
            Happened::Sent(bytes) => Event::Sent(bytes),
            Happened::ControlEnded(end) => Event::ControlEnded(end),
            Happened::Done(id, outcome) => {
                let answer = self.answer(id, outcome);
                Event::Done(self.completion(id, Ok(answer), foreign))
            }
            Happened::Failed(id, failure) => Event::Done(self.completion(id, Err(failure), foreign)),
            Happened::Progress(id, bytes) => Event::Progress { id, bytes },
            Happened::Timeout => Event::Timeout,
            Happened::Drain(deadline) => Event::Drain { deadline },
        };
        let shown = |misuse: &Misuse| Some(alloc::format!("! {}", Value(misuse)));
        let mut actions = match (self.session.handle(now, event), &misuse) {
            (Ok(actions), None) => actions,
            (Err(refused), Some((_, recorded))) if refused == *recorded => return Ok(()),
            (Err(refused), recorded) => {
                let recorded = recorded.as_ref().map(|(line, misuse)| (*line, shown(misuse)));
                let (at, recorded) = recorded.unwrap_or((line, None));
                return Err((at, recorded, shown(&refused)));
            }
            (Ok(mut actions), Some((at, recorded))) => {
                let first = actions.next().map(|action| self.fillers.line(&action).text);
                return Err((*at, shown(recorded), first));
            }
        };
        let mut last = line;
        for (line, text) in recorded {
            last = line;
            let Some(action) = actions.next() else { return Err((line, Some(text.to_owned()), None)) };
            report.actions += 1;
            let made = self.fillers.line(&action);
            match self.fillers.compare(text, &made, self.coded) {
                Match::Same => {}
                Match::PayloadUnknown => report.unknown_payloads += 1,
                Match::Different => return Err((line, Some(text.to_owned()), Some(made.text))),
            }
            // What comes later has nothing of this transfer's payloads in it.
            if matches!(&action, Action::Notify(notice) if matches!(**notice, Notice::TransferEnded(_))) {
                self.fillers.forget();
            }
        }
        if actions.len() != left {
            let more = actions.next().map(|action| self.fillers.line(&action).text);
            let rest = (left > 0).then(|| alloc::format!("~ {left} left"));
            return Err((last + 1, rest, more));
        }
        Ok(())
    }

    fn completion(&self, id: ActionId, result: Result<Answer, Failure>, foreign: bool) -> Completion {
        if foreign { self.session.recalled_of_another(id, result) } else { self.session.recalled(id, result) }
    }

    /// The answer, with a filler where its payload is not known.
    fn answer(&mut self, id: ActionId, outcome: Outcome) -> Answer {
        match outcome {
            Outcome::Known(answer) => answer,
            Outcome::Received(payload, end) => Answer::Received(Received { bytes: self.payload(id, payload), end }),
            Outcome::Chunk(payload) => Answer::Chunk(self.payload(id, payload)),
        }
    }

    fn payload(&mut self, id: ActionId, payload: Payload) -> Bytes {
        match payload {
            Payload::Whole(bytes) => bytes.into(),
            // The session will refuse it: nothing need be made for it.
            Hashed(_) if !self.session.is_open(id) => Bytes::new(),
            Hashed(hash) => {
                self.coded |= self.session.codes_files();
                self.fillers.make(hash, self.chunk)
            }
        }
    }
}

impl Fillers {
    fn line(&self, action: &Action) -> Line {
        let mut line = Line { text: "< ".into(), payload: None };
        // A line that could not be written would differ from any.
        if action::write(action, self, &mut line).is_err() {
            line.text.push_str(" (cannot be written)");
        }
        line
    }

    /// Bytes that stand for a payload: at most as many as an action may ask for.
    fn make(&mut self, hash: Hash, most: usize) -> Bytes {
        let mut filler = alloc::vec![0; hash.length.min(most)];
        let seed = u64::from(hash.crc) << 32 ^ hash.length as u64;
        ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut filler);
        self.known.insert(Hash::of(&filler), hash);
        self.stood_for.insert(hash);
        filler.into()
    }

    fn forget(&mut self) {
        self.known.clear();
        self.stood_for.clear();
    }

    fn compare(&self, recorded: &str, made: &Line, coded: bool) -> Match {
        if recorded == made.text {
            return Match::Same;
        }
        match self.differs_in_payload_alone(recorded, made) {
            Some((was, is)) if !self.known.is_empty() && (coded || self.may_be(was, is)) => Match::PayloadUnknown,
            _ if differs_in_secret_alone(recorded, &made.text) => Match::Same,
            _ => Match::Different,
        }
    }

    /// Whether what was made of fillers may stand for this payload: it is as long, and no filler itself, for which another
    /// payload is known.
    fn may_be(&self, recorded: Hash, made: Hash) -> bool {
        recorded.length == made.length && !self.stood_for.contains(&made)
    }

    /// The two payloads, where all else is the same.
    fn differs_in_payload_alone(&self, recorded: &str, made: &Line) -> Option<(Hash, Hash)> {
        let (from, to) = made.payload?;
        let rest = recorded.strip_prefix(made.text.get(..from)?)?;
        let (Hashed(was), rest) = text::payload(rest)? else { return None };
        let (Hashed(is), "") = text::payload(made.text.get(from..to)?)? else { return None };
        (rest == made.text.get(to..)?).then_some((was, is))
    }
}

/// Whether the argument of a custom verb was hidden, and all else is the same.
fn differs_in_secret_alone(recorded: &str, made: &str) -> bool {
    const HIDDEN: &str = " argument=*** cwd=";
    let Some((before, behind)) = recorded.split_once(HIDDEN) else { return false };
    let Some(made) = made.strip_prefix(before).and_then(|rest| rest.strip_prefix(" argument=")) else { return false };
    before.starts_with("< Custom ")
        && text::literal(made).and_then(|(_, rest)| rest.strip_prefix(" cwd=")).is_some_and(|rest| rest == behind)
}
