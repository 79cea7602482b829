//! While the actions of one event are being taken, the next event waits.

use ftp_proto::Event;
use ftp_proto::server::{Misuse, Session};
use ftp_proto::time::Instant;

fn handle_two(session: &mut Session) -> Result<usize, Misuse> {
    let first = session.handle(Instant::START, Event::Timeout)?;
    let second = session.handle(Instant::START, Event::Timeout)?;
    Ok(first.count() + second.count())
}

fn main() {
    let _ = handle_two;
}
