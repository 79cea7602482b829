//! A client and an adapter in one, whose every action succeeds at once: what is left to measure is the engine.
//!
//! Shared by the benches and the tests that count. It allocates nothing of its own once it has warmed up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ftp_proto::action::{DataAction, StorageAction};
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::outcome::{Closed, Connected, DataEnd, Done, Listening, Moved, Offload, Opened};
use ftp_proto::server::{Actions, Session};
use ftp_proto::storage::{Account, FinishHow, Metadata, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::{Action, Completion, Event, HostAction};

/// The size of every file.
const FILE: u64 = 1 << 20;
const NOW: UnixTime = UnixTime::from_secs(1_704_207_845);
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 50_000);

/// One session and its world.
#[derive(Debug)]
pub(crate) struct World {
    session: Session,
    /// What was asked and is not answered yet.
    answers: Vec<Completion>,
}

impl World {
    /// A session that was greeted.
    pub(crate) fn greeted(config: &Arc<Config>) -> Self {
        let session = Session::new(Arc::clone(config), [7; 32], NOW);
        let mut this = Self { session, answers: Vec::with_capacity(4) };
        this.turn(Event::Connected {
            local: SERVER,
            peer: CLIENT,
            admission: Admission::Welcome,
            implicit_tls: Switch::Off,
        });
        this
    }

    /// A session that was logged in, and set to TYPE I.
    pub(crate) fn logged_in(config: &Arc<Config>) -> Self {
        let mut this = Self::greeted(config);
        this.log_in();
        this.say(b"TYPE I\r\n", b"200 ");
        this
    }

    pub(crate) fn log_in(&mut self) {
        self.say(b"USER alice\r\n", b"331 ");
        self.say(b"PASS correct horse battery staple\r\n", b"230 ");
    }

    pub(crate) fn noop(&mut self) {
        self.say(b"NOOP\r\n", b"200 ");
    }

    /// The session alone, without its world.
    #[allow(dead_code, reason = "not for what measures time")]
    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    /// A passive download, all but its bytes: PASV, the client's connection, RETR, one offload, the close.
    pub(crate) fn retrieve(&mut self) {
        self.say(b"PASV\r\n", b"227 ");
        self.say(b"RETR pictures/holiday.jpeg\r\n", b"226 ");
    }

    /// The same for an upload.
    #[allow(dead_code, reason = "not for the tests")]
    pub(crate) fn store(&mut self) {
        self.say(b"PASV\r\n", b"227 ");
        self.say(b"STOR pictures/holiday.jpeg\r\n", b"226 ");
    }

    /// Sends `lines`, answers all that they lead to, and sees that the last reply has this code.
    pub(crate) fn say(&mut self, lines: &[u8], code: &[u8; 4]) {
        let last = self.turn(Event::Received(lines));
        assert_eq!(last, Some(*code), "the reply to {}", lines.escape_ascii());
    }

    /// One event, and all that follows from it. Gives the code of the last reply.
    fn turn(&mut self, event: Event<'_>) -> Option<[u8; 4]> {
        let mut last = self.handle(event);
        while let Some(answer) = self.answers.pop() {
            last = self.handle(Event::Done(answer)).or(last);
        }
        last
    }

    fn handle(&mut self, event: Event<'_>) -> Option<[u8; 4]> {
        let actions = self.session.handle(Instant::from_secs(1), event).expect("an event in its place");
        let (sent, last) = run(actions, &mut self.answers);
        if sent > 0 {
            let actions =
                self.session.handle(Instant::from_secs(1), Event::Sent(sent)).expect("bytes that were written");
            assert_eq!(run(actions, &mut self.answers).0, 0, "no reply waits for another to leave");
        }
        last
    }
}

/// Runs `actions`: how many bytes they wrote, and the code of the last reply.
fn run(actions: Actions<'_>, answers: &mut Vec<Completion>) -> (usize, Option<[u8; 4]>) {
    let (mut sent, mut last) = (0, None);
    for action in actions {
        match action {
            Action::Write(bytes) => {
                sent += bytes.len();
                let before = bytes.strip_suffix(b"\r\n").unwrap_or_default();
                let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                last = before[line..].first_chunk().copied();
            }
            Action::Data(action) => answers.extend(data(action)),
            Action::Host(action) => answers.extend(host(action)),
            Action::Secure { .. } | Action::Unsecure(_) => unreachable!("no dialogue here is secured"),
            Action::Notify(_) | Action::Cancel(_) | Action::Shutdown => {}
        }
    }
    (sent, last)
}

fn data(action: DataAction) -> Option<Completion> {
    Some(match action {
        DataAction::Listen { ticket, .. } => ticket.done(Listening { address: SERVER }),
        DataAction::Accept { ticket, .. } => ticket.done(Connected { peer: CLIENT }),
        DataAction::FileToData { ticket, .. } | DataAction::DataToFile { ticket, .. } => {
            ticket.done(Moved { bytes: FILE, end: Some(DataEnd::Clean) })
        }
        DataAction::Close { ticket, .. } => ticket.done(Closed),
        DataAction::CloseListener(_) => return None,
        other => unreachable!("no dialogue here leads to {other:?}"),
    })
}

fn host(action: HostAction) -> Option<Completion> {
    Some(match action {
        HostAction::Authenticate { ticket, .. } => ticket.done(Account::new("alice", Permissions::READ_WRITE)),
        HostAction::Storage(StorageAction::OpenRead { ticket, .. }) => {
            ticket.done(Opened { size: FILE, offload: Offload::Possible })
        }
        HostAction::Storage(StorageAction::OpenWrite { ticket, .. }) => {
            ticket.done(Opened { size: 0, offload: Offload::Possible })
        }
        HostAction::Storage(StorageAction::Stat { ticket, path }) => {
            let is_file = path.as_bytes().ends_with(b".jpeg");
            ticket.done(if is_file { Metadata::file(FILE, NOW) } else { Metadata::directory(NOW) })
        }
        HostAction::Storage(StorageAction::Finish { ticket, how: FinishHow::Commit, .. }) => ticket.done(Done),
        HostAction::Storage(StorageAction::CloseFile(_)) => return None,
        other => unreachable!("no dialogue here leads to {other:?}"),
    })
}
