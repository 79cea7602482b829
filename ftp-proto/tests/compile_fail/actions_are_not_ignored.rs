//! Actions are there to be run.

#![deny(unused_must_use)]

use ftp_proto::Event;
use ftp_proto::server::{Misuse, Session};
use ftp_proto::time::Instant;

fn ignore(session: &mut Session) -> Result<(), Misuse> {
    session.handle(Instant::START, Event::Timeout)?;
    Ok(())
}

fn main() {
    let _ = ignore;
}
