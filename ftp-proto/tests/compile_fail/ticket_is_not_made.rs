//! Only the engine makes tickets.

use ftp_proto::outcome::Done;
use ftp_proto::{ActionId, Ticket};

fn make(id: ActionId) -> Ticket<Done> {
    Ticket::new(id, 0)
}

fn main() {
    let _ = make;
}
