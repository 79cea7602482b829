//! An answer that is not handed to the session is none.

#![deny(unused_must_use)]

use ftp_proto::Ticket;
use ftp_proto::outcome::Done;

fn ignore(ticket: Ticket<Done>) {
    ticket.done(Done);
}

fn main() {
    let _ = ignore;
}
