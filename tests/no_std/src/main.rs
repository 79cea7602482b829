//! The engine in a program without a standard library: proof that neither it nor a dependency brings one in.
//!
//! Were `std` anywhere in the tree, its panic handler and ours would be two, and this would not build. The program
//! logs a client in, says NOOP, replays the trace of it, and exits with 0 when all was right. Of the C library it uses the
//! start-up code, `memcpy` and its kin, and `abort`.

#![no_std]
#![no_main]

extern crate alloc;

mod heap;

use alloc::string::String;
use alloc::sync::Arc;
use core::ffi::c_int;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::panic::PanicInfo;

use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::server::Misuse;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::trace::{self, Payloads, Recorded};
use ftp_proto::{Action, Completion, Event, HostAction};

/// Where the C library's start-up code enters.
// SAFETY: the only symbol of this name, with the signature that C gives it.
#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match dialogue() {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(_) => 2,
    }
}

/// Whether each line is answered as it should be, and would be again.
fn dialogue() -> Result<bool, Misuse> {
    let config = Arc::new(Config::default());
    let mut session = Recorded::new(String::new(), config, [7; 32], UnixTime::from_secs(0), Payloads::Hashed);
    let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 21);
    let greeted =
        Event::Connected { local: here, peer: here, admission: Admission::Welcome, implicit_tls: Switch::Off };
    let answered = replies(&mut session, greeted, b"220")?
        && replies(&mut session, Event::Received(b"USER alice\r\n"), b"331")?
        && replies(&mut session, Event::Received(b"PASS secret\r\n"), b"230")?
        && replies(&mut session, Event::Received(b"NOOP\r\n"), b"200")?;
    let text = session.into_recorder().into_inner().unwrap_or_default();
    Ok(answered && trace::replay(&text).is_ok_and(|report| report.is_same()))
}

/// Whether `event` leads to one reply, of this code. A login that the engine asks about succeeds.
fn replies(session: &mut Recorded<String>, event: Event<'_>, code: &[u8]) -> Result<bool, Misuse> {
    let (mut sent, mut right) = (0, false);
    let mut login: Option<Completion> = None;
    for action in session.handle(Instant::START, event)? {
        match action {
            Action::Write(bytes) => {
                right = sent == 0 && bytes.starts_with(code);
                sent += bytes.len();
            }
            Action::Host(HostAction::Authenticate { ticket, .. }) => {
                login = Some(ticket.done(Account::new("alice", Permissions::READ_ONLY)));
            }
            _ => {}
        }
    }
    if let Some(login) = login {
        return replies(session, Event::Done(login), code);
    }
    session.handle(Instant::START, Event::Sent(sent))?.for_each(drop);
    Ok(right)
}

/// Ours: a second one in the program would not link.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: takes nothing and may be called at any time.
    unsafe { abort() }
}

#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}
