//! A session as a sequence of events, among them those that no adapter should send: any configuration, any order, any
//! answers, late or never, other sessions' tickets, credits for what was not written, time that jumps.
//!
//! What holds at every moment stands in `session`. Input: as `arbitrary` reads it.

use arbitrary::{Result, Unstructured};
use ftp_proto::arbitrary::{settle, settle_anyhow};
use ftp_proto::command::Command;
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::server::{Misuse, Session};
use ftp_proto::time::{Duration, Instant, UnixTime};
use ftp_proto::{Action, Completion, Event};

use std::sync::Arc;

use crate::session::{Driver, Manner, SEED, connected};

/// The target `events`.
pub fn events(data: &[u8]) {
    let mut u = Unstructured::new(data);
    // Where the bytes run out in the middle of something, what was begun is ended all the same.
    let Ok(mut driver) = begin(&mut u) else { return };
    while !u.is_empty() && !driver.is_closed() {
        if step(&mut driver, &mut u).is_err() {
            break;
        }
    }
    let manner = Manner::of(u.arbitrary().unwrap_or(0) ^ data.first().copied().unwrap_or(0));
    driver.finish(manner);
    if driver.is_queued() {
        return;
    }
    driver.misuse(Event::Timeout, Misuse::Closed);
    driver.misuse(Event::Received(b"NOOP\r\n"), Misuse::Closed);
}

/// A session that is connected; in one of two logged in too.
fn begin(u: &mut Unstructured<'_>) -> Result<Driver> {
    let config = if u.ratio(1, 2)? { u.arbitrary()? } else { small(u)? };
    let mut driver = Driver::new(config);
    if u.ratio(1, 16)? {
        driver.misuse(Event::Timeout, Misuse::NotConnected);
        driver.misuse(Event::Sent(0), Misuse::NotConnected);
    }
    let admission = if u.ratio(1, 16)? { u.arbitrary()? } else { Admission::Welcome };
    let implicit = if u.ratio(1, 4)? { Switch::On } else { Switch::Off };
    driver.event(connected(admission, implicit));
    if u.ratio(3, 4)? && !driver.is_closed() {
        driver.settle();
        for line in [&b"USER alice\r\n"[..], b"PASS secret\r\n"] {
            if !driver.is_closed() {
                driver.event(Event::Received(line));
                driver.settle();
            }
        }
    }
    Ok(driver)
}

/// A sound configuration in which every bound is soon met.
fn small(u: &mut Unstructured<'_>) -> Result<Config> {
    let mut config = crate::control::config(u.arbitrary()?);
    config.timeouts.stall = Duration::from_secs(5);
    config.timeouts.data = Duration::from_secs(5);
    Ok(config)
}

/// One thing happens.
fn step(driver: &mut Driver, u: &mut Unstructured<'_>) -> Result<()> {
    let kind = u.int_in_range(0..=31_u8)?;
    match kind {
        0..=8 => {
            let said = said(u)?;
            let most = if u.ratio(1, 16)? { u.int_in_range(0..=3)? } else { usize::MAX };
            driver.event_taking(Event::Received(&said), most);
        }
        9..=14 if !driver.open.is_empty() => {
            let action = driver.open.remove(u.choose_index(driver.open.len())?);
            let completion = if kind == 14 { settle_anyhow(action, u) } else { settle(action, u) };
            let completion = completion.expect("only actions with tickets are kept");
            let most = if u.ratio(1, 16)? { 1 } else { usize::MAX };
            driver.event_taking(Event::Done(completion), most);
        }
        15..=18 if !driver.open.is_empty() => driver.answer(u.choose_index(driver.open.len())?),
        19 => driver.settle(),
        20 | 21 => {
            let bytes = u.int_in_range(0..=usize::try_from(driver.unsent).unwrap_or(usize::MAX))?;
            driver.event(Event::Sent(bytes));
        }
        22 => credit_too_much(driver),
        23 => driver.jump(),
        24 => spurious(driver),
        25 => {
            let by = Duration::from_millis(u.arbitrary::<u16>()?.into());
            driver.now = if u.ratio(1, 16)? { u.arbitrary()? } else { driver.now + by };
            driver.event(Event::Timeout);
        }
        26 => {
            let id = driver.moving();
            let stale = driver.open.iter().find_map(id_of);
            if let Some(id) = id.or(stale) {
                driver.event(Event::Progress { id, bytes: u.arbitrary()? });
            }
        }
        27 => foreign(driver),
        28 => stale(driver),
        29 => driver.misuse(connected(Admission::Welcome, Switch::Off), Misuse::AlreadyConnected),
        30 => match u.int_in_range(0..=7)? {
            0 => driver.event(Event::ControlEnded(ControlEnd::Reset)),
            1 | 2 => driver.event(Event::ControlEnded(ControlEnd::Eof)),
            3 | 4 => {
                let deadline = driver.now + Duration::from_millis(u.arbitrary::<u16>()?.into());
                driver.event(Event::Drain { deadline });
            }
            5 => driver.event(Event::Drain { deadline: u.arbitrary()? }),
            _ => driver.event(Event::Received(b"")),
        },
        _ => {
            // A clock that went back is not believed.
            let now = std::mem::replace(&mut driver.now, Instant::START);
            driver.event(Event::Timeout);
            driver.now = now;
        }
    }
    Ok(())
}

fn id_of(action: &Action) -> Option<ftp_proto::ActionId> {
    match action {
        Action::Data(action) => action.id(),
        Action::Host(action) => action.id(),
        _ => None,
    }
}

/// What the client says: usual lines, legal commands, any bytes.
fn said(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut said = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        match u.int_in_range(0..=7)? {
            0..=4 => said.extend_from_slice(u.choose(USUAL)?),
            5 | 6 => {
                u.arbitrary::<Command>()?.write(&mut said);
                said.extend_from_slice(b"\r\n");
            }
            _ => {
                let length = u.int_in_range(0..=15)?;
                said.extend_from_slice(u.bytes(length)?);
            }
        }
    }
    Ok(said)
}

/// More than was written cannot have left, but where nobody counts any more.
fn credit_too_much(driver: &mut Driver) {
    let bytes = usize::try_from(driver.unsent).unwrap_or(usize::MAX).saturating_add(1);
    let before = format!("{:?}", driver.session);
    if before.contains("muted: true") {
        driver.event(Event::Sent(bytes));
    } else if !driver.is_queued() {
        driver.misuse(Event::Sent(bytes), Misuse::CreditTooLarge);
    }
}

/// A Timeout before its time does nothing.
fn spurious(driver: &mut Driver) {
    let early = driver.session.next_deadline().is_some_and(|deadline| deadline.at > driver.now);
    let before = format!("{:?}", driver.session);
    driver.event(Event::Timeout);
    // But for the clock, where the last event came earlier.
    if early && before.contains(&format!("now: {:?}", driver.now)) {
        assert_eq!(format!("{:?}", driver.session), before, "a Timeout for nothing did something");
    }
}

/// A completion of another session.
fn foreign(driver: &mut Driver) {
    let completion = completion_of([9; 32]);
    driver.misuse(Event::Done(completion), Misuse::ForeignCompletion);
}

/// A completion of this session, for an action that was answered before: a twin's, which has the same numbers.
fn stale(driver: &mut Driver) {
    let completion = completion_of(SEED);
    // What is queued is open, and not in our books yet.
    if !driver.is_queued() && !driver.books.is_open(completion.id()) {
        driver.misuse(Event::Done(completion), Misuse::UnknownAction);
    }
}

/// The first completion of a session of this seed.
fn completion_of(seed: [u8; 32]) -> Completion {
    let mut session = Session::new(Arc::new(Config::default()), seed, UnixTime::from_secs(0));
    let mut completion = None;
    for event in [connected(Admission::Welcome, Switch::Off), Event::Received(b"USER a\r\nPASS b\r\n")] {
        for action in session.handle(Instant::START, event).expect("in order") {
            if let Action::Host(action) = action {
                completion = action.fail(ftp_proto::Failure::LoginIncorrect);
            }
        }
    }
    completion.expect("a login asks the host")
}

/// What makes sessions go somewhere.
const USUAL: &[&[u8]] = &[
    b"EPSV\r\n",
    b"PASV\r\n",
    b"PORT 198,51,100,9,200,1\r\n",
    b"LPSV\r\n",
    b"EPRT |1|198.51.100.9|2000|\r\n",
    b"RETR a.txt\r\n",
    b"RETR odd\r\n",
    b"STOR new\r\n",
    b"STOR odd\r\n",
    b"APPE old\r\n",
    b"STOU\r\n",
    b"LIST\r\n",
    b"LIST -laR\r\n",
    b"NLST *.txt\r\n",
    b"MLSD dir\r\n",
    b"MLST a\r\n",
    b"STAT\r\n",
    b"STAT dir\r\n",
    b"ABOR\r\n",
    b"\xFF\xF4\xFF\xF2ABOR\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
    b"REIN\r\n",
    b"USER alice\r\n",
    b"PASS secret\r\n",
    b"USER carol\r\n",
    b"ACCT blue\r\n",
    b"TYPE A\r\n",
    b"TYPE I\r\n",
    b"TYPE E\r\n",
    b"MODE B\r\n",
    b"MODE C\r\n",
    b"MODE Z\r\n",
    b"MODE S\r\n",
    b"STRU R\r\n",
    b"STRU F\r\n",
    b"REST 5\r\n",
    b"RNFR a\r\n",
    b"RNTO b\r\n",
    b"AUTH TLS\r\n",
    b"PBSZ 0\r\n",
    b"PROT P\r\n",
    b"PROT C\r\n",
    b"CCC\r\n",
    b"CPSV\r\n",
    b"SSCN ON\r\n",
    b"HOST one.example\r\n",
    b"HASH a\r\n",
    b"XCRC a 0 3\r\n",
    b"MMD5 a, b\r\n",
    b"COMB new a b\r\n",
    b"DSIZ dir\r\n",
    b"AVBL\r\n",
    b"SITE RMDIR dir\r\n",
    b"SITE CPFR a\r\n",
    b"SITE CPTO b\r\n",
    b"SITE COPY a b\r\n",
    b"SITE GO down\r\n",
    b"SITE GO up\r\n",
    b"XGO\r\n",
    b"SITE IDLE 1\r\n",
    b"SITE WHO\r\n",
    b"PRET RETR a\r\n",
    b"EPSV ALL\r\n",
    b"CWD dir\r\n",
    b"PWD\r\n",
    b"DELE a\r\n",
    b"MDTM a\r\n",
    b"MFMT 20200102030405 a\r\n",
    b"SIZE a\r\n",
    b"ALLO 5\r\n",
    b"FEAT\r\n",
    b"HELP\r\n",
    b"OPTS UTF8 ON\r\n",
    b"\xFF\xFD\x01",
    b"NO",
    b"OP\r\n",
];
