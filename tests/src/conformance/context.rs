//! What a check has in hand: ways into the server, and a directory of its own there.

use std::cell::Cell;
use std::net::SocketAddr;
use std::panic;
use std::time::Duration;

use crate::{Reply, Security, Way, Wire, pattern};

/// The server that is looked at, and how to get in.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may do everything there, beneath the directory it starts in.
    pub user: String,
    /// With which password.
    pub password: String,
    /// Whether it can reach us: without, active mode is left out.
    pub active: bool,
    /// How the kit's connections are protected. All of them are, but those of checks about TLS itself.
    pub security: Security,
}

impl Peer {
    /// A server that can reach us.
    #[must_use]
    pub fn new(address: SocketAddr, user: &str, password: &str) -> Self {
        Self { address, user: user.to_owned(), password: password.to_owned(), active: true, security: Security::Plain }
    }

    /// The same server, over TLS or not.
    #[must_use]
    pub fn over(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// A greeted connection.
    #[track_caller]
    pub(super) fn greet(&self) -> Wire {
        let mut wire = self.connect();
        wire.expect(220);
        wire
    }

    /// A connection on which nothing was read yet.
    #[track_caller]
    fn connect(&self) -> Wire {
        let mut wire = Wire::connect_with(self.address, &self.security);
        wire.set_patience(PATIENCE);
        wire
    }

    /// Logged in, TYPE I.
    #[track_caller]
    pub(super) fn enter(&self) -> Wire {
        let mut wire = self.greet();
        wire.log_in(&self.user, &self.password);
        wire.ask("TYPE I", 200);
        wire
    }
}

/// What one check has in hand.
///
/// `put`, `content` and the like go by a connection of their own, so that a check's own dialogue is only what it is
/// about.
#[derive(Debug)]
pub struct Context<'a> {
    shared: &'a Shared<'a>,
    peer: &'a Peer,
    /// The check's directory, absolute; made when it is first asked for.
    home: String,
    keeper: Option<Wire>,
}

/// What all checks of a run share.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) peer: &'a Peer,
    /// The lines of FEAT.
    pub(super) features: Vec<String>,
    /// The kit's directory, absolute.
    pub(super) root: String,
    /// Whether the large file is there already.
    pub(super) large: Cell<bool>,
}

/// What a check that was left out unwinds with.
#[derive(Debug)]
pub(super) struct Skip(pub(super) String);

impl<'a> Context<'a> {
    /// For the check of this number.
    pub(super) fn new(shared: &'a Shared<'a>, number: usize) -> Self {
        Self { shared, peer: shared.peer, home: format!("{}/{number}", shared.root), keeper: None }
    }

    // Ways in.

    /// A greeted connection.
    #[track_caller]
    pub fn greeted(&self) -> Wire {
        self.peer.greet()
    }

    /// A connection on which nothing was read yet.
    #[track_caller]
    pub fn connected(&self) -> Wire {
        self.peer.connect()
    }

    /// A greeted connection in the clear, on which AUTH may be said. Leaves the check out where there is no AUTH.
    #[track_caller]
    pub fn before_auth(&self) -> Wire {
        self.needs_feature("AUTH");
        self.clear()
    }

    /// A greeted connection in the clear. Leaves the check out where there is none.
    #[track_caller]
    pub fn clear(&self) -> Wire {
        if matches!(self.peer.security, Security::Implicit(_)) {
            skip("TLS is there already");
        }
        let mut wire = Wire::connect(self.peer.address);
        wire.set_patience(PATIENCE);
        wire.expect(220);
        wire
    }

    /// A connection that is logged in, TYPE I, in the check's directory.
    #[track_caller]
    pub fn login(&mut self) -> Wire {
        let home = format!("CWD {}", self.home());
        let mut wire = self.peer.enter();
        wire.ask(&home, 250);
        wire
    }

    /// USER with the name that gets in.
    pub fn user(&self) -> String {
        format!("USER {}", self.peer.user)
    }

    /// PASS with the password that gets in.
    pub fn pass(&self) -> String {
        format!("PASS {}", self.peer.password)
    }

    /// The check's directory.
    #[track_caller]
    pub fn home(&mut self) -> &str {
        self.keeper();
        &self.home
    }

    // What the server must have for the check to make sense.

    /// Leaves the check out.
    pub fn skip(&self, why: impl Into<String>) -> ! {
        skip(why)
    }

    /// Leaves the check out unless FEAT has a line that begins with this word.
    pub fn needs_feature(&self, word: &str) {
        if !self.has_feature(word) {
            skip(format!("FEAT has no {word}"));
        }
    }

    /// Whether FEAT has a line that begins with this word.
    #[must_use]
    pub fn has_feature(&self, word: &str) -> bool {
        self.shared
            .features
            .iter()
            .any(|line| line.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(word)))
    }

    /// Leaves the check out unless the server can reach us.
    pub fn needs_active(&self) {
        if !self.peer.active {
            skip("active mode is off");
        }
    }

    /// Leaves the check out over IPv6.
    pub fn needs_ipv4(&self) {
        if !self.is_ipv4() {
            skip("for IPv4 only");
        }
    }

    /// Leaves the check out over IPv4.
    pub fn needs_ipv6(&self) {
        if self.is_ipv4() {
            skip("for IPv6 only");
        }
    }

    /// Whether the control connection is IPv4.
    #[must_use]
    pub fn is_ipv4(&self) -> bool {
        self.peer.address.is_ipv4()
    }

    // The check's files, behind its back.

    /// Puts a file there.
    #[track_caller]
    pub fn put(&mut self, name: &str, content: &[u8]) {
        let command = format!("STOR {}", self.path(name));
        self.keeper().store(Way::Epsv, &command, content);
    }

    /// Makes a directory.
    #[track_caller]
    pub fn make_dir(&mut self, name: &str) {
        let command = format!("MKD {}", self.path(name));
        self.keeper().ask(&command, 257);
    }

    /// A file's content.
    #[track_caller]
    pub fn content(&mut self, name: &str) -> Vec<u8> {
        let command = format!("RETR {}", self.path(name));
        self.keeper().fetch(Way::Epsv, &command)
    }

    /// The path of a file that no buffers on the way can hold.
    #[track_caller]
    pub fn large(&mut self) -> String {
        let path = format!("{}/large", self.shared.root);
        if !self.shared.large.replace(true) {
            self.keeper().store(Way::Epsv, &format!("STOR {path}"), &pattern(LARGE));
        }
        path
    }

    /// Whether there is such a file.
    #[track_caller]
    pub fn has(&mut self, name: &str) -> bool {
        let command = format!("RETR {}", self.path(name));
        let keeper = self.keeper();
        let opened = keeper.open(Way::Epsv);
        let reply = keeper.ask_any(&command, &[125, 150, 550, 450]);
        if reply.code < 200 {
            drop(opened.connection());
            keeper.expect_any(&[226, 250, 426, 451]);
        }
        reply.code < 200
    }

    /// The absolute path of a name in the check's directory.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.home)
    }

    fn keeper(&mut self) -> &mut Wire {
        let Self { peer, home, keeper, .. } = self;
        keeper.get_or_insert_with(|| {
            let mut wire = peer.enter();
            wire.ask(&format!("MKD {home}"), 257);
            wire
        })
    }
}

/// Leaves the running check out. No panic: nobody is to be told but the runner.
pub(super) fn skip(why: impl Into<String>) -> ! {
    panic::resume_unwind(Box::new(Skip(why.into())))
}

/// Asks for what a server may leave out: a check that it does leaves out is left out.
#[track_caller]
pub(super) fn optional(wire: &mut Wire, line: &str, code: u16) -> Reply {
    optional_any(wire, line, &[code])
}

/// The same with one of these codes.
#[track_caller]
pub(super) fn optional_any(wire: &mut Wire, line: &str, codes: &[u16]) -> Reply {
    let expected = [codes, &NOT_OFFERED].concat();
    let reply = wire.ask_any(line, &expected);
    if !codes.contains(&reply.code) {
        skip(format!("{line}: {}", reply.show()));
    }
    reply
}

/// Not offered: unknown, known but off, known but not with that argument.
const NOT_OFFERED: [u16; 3] = [500, 502, 504];
/// How long a server may take for anything. Failed logins are answered late on purpose.
const PATIENCE: Duration = Duration::from_secs(5);
/// The size of the large file: both ends of a loopback connection hold a few megabytes each.
pub(super) const LARGE: usize = 24 << 20;
