//! A ticket that nobody takes is an action that nobody answers.

#![deny(unused_must_use)]

use ftp_proto::Ticket;
use ftp_proto::outcome::Done;

fn ignore(take: impl FnOnce() -> Ticket<Done>) {
    take();
}

fn main() {
    ignore(|| unreachable!());
}
