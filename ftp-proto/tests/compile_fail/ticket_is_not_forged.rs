//! A ticket cannot be put together from another's parts.

use ftp_proto::Ticket;
use ftp_proto::outcome::Done;

fn forge(ticket: &Ticket<Done>) -> Ticket<Done> {
    Ticket { id: ticket.id(), session: 0, outcome: core::marker::PhantomData }
}

fn main() {
    let _ = forge;
}
