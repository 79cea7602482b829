//! An answer uses the ticket up.

use ftp_proto::outcome::Done;
use ftp_proto::{Completion, Failure, Ticket};

fn answer_twice(ticket: Ticket<Done>) -> [Completion; 2] {
    [ticket.done(Done), ticket.fail(Failure::Lost)]
}

fn main() {
    let _ = answer_twice;
}
