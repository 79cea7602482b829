//! A second ticket would be a second answer.

use ftp_proto::Ticket;
use ftp_proto::outcome::Done;

fn clone(ticket: &Ticket<Done>) -> Ticket<Done> {
    ticket.clone()
}

fn main() {
    let _ = clone;
}
