//! Tickets: each action with an outcome is answered exactly once, by type.
//!
//! ```text
//! engine: Action { ticket, .. } ──► adapter runs it ──► ticket.done(outcome) ─┐
//!                                                      ticket.fail(failure) ─┤
//! engine ◄── Event::Done(Completion) ◄────────────────────────────────────────┘
//! ```
//!
//! A [`Ticket`] can be neither copied nor made; answering consumes it. Its type parameter says what the answer must
//! be. The ledger in the session checks the rest: a [`Completion`] of another session is
//! [`Misuse`](crate::server::Misuse) and changes nothing.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::failure::Failure;
use crate::id::ActionId;
use crate::outcome::{
    Closed, Connected, CustomAnswer, Digest, Done, Entries, Listening, Moved, Opened, Prepared, Quota, Received,
    Roster, Secured, Space, TreeSize, VirtualHost,
};
use crate::storage::{Account, Metadata};
use bytes::Bytes;

/// The right, and the duty, to answer one action once.
///
/// Dropping it without an answer is a bug of the adapter: the engine waits for the action's deadline, asks to cancel
/// it, and closes the session as [`HostStuck`](crate::server::CloseReason::HostStuck).
#[must_use = "an action must be answered: call `done` or `fail`"]
pub struct Ticket<T: Outcome> {
    id: ActionId,
    session: u32,
    outcome: PhantomData<fn(T)>,
}

impl<T: Outcome> Ticket<T> {
    pub(crate) const fn new(id: ActionId, session: u32) -> Self {
        Self { id, session, outcome: PhantomData }
    }

    /// Which action this answers: what `Cancel` and `Progress` name.
    #[must_use]
    pub const fn id(&self) -> ActionId {
        self.id
    }

    /// The action succeeded.
    pub fn done(self, outcome: T) -> Completion {
        Completion { id: self.id, session: self.session, result: Ok(outcome.into_answer()) }
    }

    /// The action failed.
    pub fn fail(self, failure: Failure) -> Completion {
        Completion { id: self.id, session: self.session, result: Err(failure) }
    }

    /// The action ended in `result`.
    pub fn settle(self, result: Result<T, Failure>) -> Completion {
        match result {
            Ok(outcome) => self.done(outcome),
            Err(failure) => self.fail(failure),
        }
    }
}

impl<T: Outcome> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.id)
    }
}

/// An action's one answer, on its way back to the session as [`Event::Done`](crate::Event::Done).
#[must_use = "hand it to the session as `Event::Done`"]
#[derive(Debug)]
pub struct Completion {
    pub(crate) id: ActionId,
    pub(crate) session: u32,
    pub(crate) result: Result<Answer, Failure>,
}

impl Completion {
    /// Which action this answers.
    #[must_use]
    pub const fn id(&self) -> ActionId {
        self.id
    }

    /// The same action's answer, once more on its way to the same session, but as this failure: for hosts that let nothing
    /// stand that they could not finish, and for tests in which answers get lost.
    pub fn but_failed(self, failure: Failure) -> Self {
        Self { result: Err(failure), ..self }
    }

    /// The failure, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.result.as_ref().err().copied()
    }
}

/// What an action can end in. Sealed: the engine knows every outcome.
pub trait Outcome: sealed::Sealed {}

pub(crate) mod sealed {
    /// Turns an outcome into the engine's own sum of them.
    pub trait Sealed {
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn into_answer(self) -> super::Answer;

        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn from_answer(answer: super::Answer) -> Option<Self>
        where
            Self: Sized;
    }
}

macro_rules! answers {
    ($($(#[$attribute:meta])* $variant:ident($type:ty) = |$value:ident| $make:expr, |$kept:ident| $give:expr, $held:ty;)*) => {
        /// Every outcome, in one type.
        #[derive(Debug)]
        #[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
        pub(crate) enum Answer {
            $($(#[$attribute])* $variant($held),)*
        }

        $(
            impl sealed::Sealed for $type {
                #[allow(private_interfaces)]
                fn into_answer(self) -> Answer {
                    let $value = self;
                    Answer::$variant($make)
                }

                #[allow(private_interfaces)]
                fn from_answer(answer: Answer) -> Option<Self> {
                    match answer {
                        Answer::$variant($kept) => Some($give),
                        _ => None,
                    }
                }
            }

            impl Outcome for $type {}
        )*
    };
}

answers! {
    Listening(Listening) = |it| it, |it| it, Listening;
    Connected(Connected) = |it| it, |it| it, Connected;
    Received(Received) = |it| it, |it| it, Received;
    Moved(Moved) = |it| it, |it| it, Moved;
    Closed(Closed) = |it| it, |it| it, Closed;
    Metadata(Metadata) = |it| Box::new(it), |it| *it, Box<Metadata>;
    Entries(Entries) = |it| it, |it| it, Entries;
    Opened(Opened) = |it| it, |it| it, Opened;
    #[cfg_attr(feature = "trace", serde(with = "crate::byte_strings"))]
    Chunk(Bytes) = |it| it, |it| it, Bytes;
    Space(Space) = |it| it, |it| it, Space;
    Account(Account) = |it| Box::new(it), |it| *it, Box<Account>;
    Custom(CustomAnswer) = |it| it, |it| it, CustomAnswer;
    Secured(Secured) = |it| Box::new(it), |it| *it, Box<Secured>;
    VirtualHost(VirtualHost) = |it| it, |it| it, VirtualHost;
    Roster(Roster) = |it| it, |it| it, Roster;
    Quota(Quota) = |it| it, |it| it, Quota;
    Digest(Digest) = |it| it, |it| it, Digest;
    TreeSize(TreeSize) = |it| it, |it| it, TreeSize;
    Prepared(Prepared) = |it| it, |it| it, Prepared;
    Done(Done) = |it| it, |it| it, Done;
}

/// The outcome that an action of this type must have had.
///
/// The ticket's type makes any other impossible; were one to come, it would count as an error of the host.
pub(crate) fn outcome<T: Outcome>(result: Result<Answer, Failure>) -> Result<T, Failure> {
    result.and_then(|answer| T::from_answer(answer).ok_or(Failure::Io))
}
