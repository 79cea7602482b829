//! An action is answered with its own kind of outcome.

use ftp_proto::outcome::{Closed, Done};
use ftp_proto::{Completion, Ticket};

fn answer(ticket: Ticket<Done>) -> Completion {
    ticket.done(Closed)
}

fn main() {
    let _ = answer;
}
