//! A completion comes from a ticket, and from nowhere else.

use ftp_proto::{ActionId, Completion, Failure};

fn make(id: ActionId) -> Completion {
    Completion { id, session: 0, result: Err(Failure::Lost) }
}

fn main() {
    let _ = make;
}
