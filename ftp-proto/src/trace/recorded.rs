//! A session with a recorder at its side.

use alloc::sync::Arc;
use core::fmt::Write;

use super::Payloads;
use super::record::Recorder;
use crate::action::Action;
use crate::config::Config;
use crate::event::Event;
use crate::server::{Actions, Misuse, Session};
use crate::time::{Instant, UnixTime};

/// A [`Session`] that writes down what it handles: the same calls, and a trace.
#[derive(Debug)]
pub struct Recorded<W> {
    session: Session,
    recorder: Recorder<W>,
}

impl<W: Write> Recorded<W> {
    /// A session as [`Session::new`] makes it, recorded from its first event.
    #[must_use]
    pub fn new(out: W, config: Arc<Config>, seed: [u8; 32], started: UnixTime, payloads: Payloads) -> Self {
        let recorder = Recorder::new(out, &config, seed, started, payloads);
        Self { session: Session::new(config, seed, started), recorder }
    }

    /// The same with a recorder of one's own, made of the same `config`, `seed` and `started`.
    #[must_use]
    pub fn with(recorder: Recorder<W>, config: Arc<Config>, seed: [u8; 32], started: UnixTime) -> Self {
        Self { session: Session::new(config, seed, started), recorder }
    }

    /// Takes one event and gives the actions it leads to: [`Session::handle`].
    ///
    /// # Errors
    /// [`Misuse`], and then nothing has changed; it is recorded.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<RecordedActions<'_, W>, Misuse> {
        self.recorder.event(now, &event);
        match self.session.handle(now, event) {
            Ok(actions) => Ok(RecordedActions { actions, recorder: &mut self.recorder }),
            Err(misuse) => {
                self.recorder.misuse(&misuse);
                Err(misuse)
            }
        }
    }
}

impl<W> Recorded<W> {
    /// The session: its deadline, its interest, its phase.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The recorder.
    pub const fn recorder_mut(&mut self) -> &mut Recorder<W> {
        &mut self.recorder
    }

    /// The recorder, with the trace so far.
    #[must_use]
    pub fn into_recorder(self) -> Recorder<W> {
        self.recorder
    }
}

/// The actions of one event: [`Actions`], each recorded as it is taken. What is left is recorded as left.
#[derive(Debug)]
#[must_use = "actions must be run"]
pub struct RecordedActions<'a, W: Write> {
    actions: Actions<'a>,
    recorder: &'a mut Recorder<W>,
}

impl<W: Write> Iterator for RecordedActions<'_, W> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let action = self.actions.next()?;
        self.recorder.action(&action);
        Some(action)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.actions.size_hint()
    }
}

impl<W: Write> ExactSizeIterator for RecordedActions<'_, W> {}

impl<W: Write> Drop for RecordedActions<'_, W> {
    fn drop(&mut self) {
        self.recorder.left(self.actions.len());
    }
}
