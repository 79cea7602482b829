//! A ticket moves: it is in one place.

use ftp_proto::Ticket;
use ftp_proto::outcome::Done;

fn copy(ticket: Ticket<Done>) -> (Ticket<Done>, Ticket<Done>) {
    (ticket, ticket)
}

fn main() {
    let _ = copy;
}
