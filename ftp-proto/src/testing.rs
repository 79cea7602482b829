//! Tickets and ids without an engine, for the tests of hosts and adapters. Not for programs: what is minted here
//! belongs to no session.

use crate::id::{ActionId, DataId, DirId, FileId, ListenerId};
use crate::ticket::{Outcome, Ticket};

/// A ticket for the action `number` of session 0.
pub const fn ticket<T: Outcome>(number: u64) -> Ticket<T> {
    Ticket::new(ActionId(number), 0)
}

/// An action's id.
#[must_use]
pub const fn action_id(number: u64) -> ActionId {
    ActionId(number)
}

/// A file's id.
#[must_use]
pub const fn file_id(number: u64) -> FileId {
    FileId(number)
}

/// A directory's id.
#[must_use]
pub const fn dir_id(number: u64) -> DirId {
    DirId(number)
}

/// A data connection's id.
#[must_use]
pub const fn data_id(number: u64) -> DataId {
    DataId(number)
}

/// A listener's id.
#[must_use]
pub const fn listener_id(number: u64) -> ListenerId {
    ListenerId(number)
}
