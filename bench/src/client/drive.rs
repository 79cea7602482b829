//! Many sessions on one thread: each has one command under way, and gets the next when the reply has come.
//!
//! A thread for each session would cost the client a context switch for each reply, more than it costs the server.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

use super::{Control, PATIENCE};
use crate::fault;

/// How long to go on.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// Until then.
    Moment(Instant),
    /// Until every session has had so many replies.
    Each(u64),
}

/// Sends NOOP in all of the sessions, and again where a reply has come; gives the replies. At the end none is under way.
///
/// # Errors
/// Those of the network. A session that is not answered for a while is one too.
pub fn noops(sessions: &mut [Control], until: Until) -> io::Result<u64> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, session) in sessions.iter().enumerate() {
        epoll::add(&poll, session.socket(), epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
    }
    let mut had = vec![0_u64; sessions.len()];
    for session in &mut *sessions {
        session.send(NOOP)?;
    }
    let (mut under_way, mut replies) = (sessions.len(), 0);
    let mut events = Vec::with_capacity(256);
    let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
    while under_way > 0 {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), Some(&patience))?;
        if events.is_empty() {
            return Err(fault(format!("NOOP: {under_way} sessions have no reply")));
        }
        let is_over = matches!(until, Until::Moment(moment) if Instant::now() >= moment);
        for event in &events {
            let index = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let (Some(session), Some(had)) = (sessions.get_mut(index), had.get_mut(index)) else { continue };
            if session.lines_come()? == 0 {
                continue;
            }
            replies += 1;
            *had += 1;
            if is_over || matches!(until, Until::Each(count) if *had >= count) {
                under_way -= 1;
            } else {
                session.send(NOOP)?;
            }
        }
    }
    Ok(replies)
}

/// After so long from now.
#[must_use]
pub fn after(duration: Duration) -> Until {
    Until::Moment(Instant::now() + duration)
}

/// The command.
pub const NOOP: &[u8] = b"NOOP\r\n";
