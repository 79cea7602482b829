//! TLS as the adapter would do it: who has begun it where, and what each handshake ends in.

use std::collections::BTreeMap;
use std::sync::Arc;

use ftp_proto::action::{Credentials, TlsRole};
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::outcome::{Done, Secured, VirtualHost};
use ftp_proto::{ActionId, Completion, DataId, Event, Failure, Ticket};

use super::{LOCAL, PEER, World, address};

/// What the control connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layer {
    #[default]
    Clear,
    Securing,
    Secured,
    Unsecuring,
}

/// Everything about TLS, virtual hosts and logins by more than a password.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    pub(crate) layer: Layer,
    /// What handshakes on the control connection end in.
    pub(crate) control: Secured,
    /// What handshakes on data connections end in.
    pub(crate) data: Secured,
    /// Whether changes of the control connection wait for `finish_handshakes`.
    pub(crate) holds_control: bool,
    /// Whether handshakes on data connections do.
    pub(crate) holds_data: bool,
    under_way: Vec<Change>,
    /// The host of each `Secure`, and our side of each handshake on a data connection.
    pub(crate) shown: Vec<Option<String>>,
    pub(crate) roles: Vec<TlsRole>,
    /// The virtual hosts with their greetings, and the names that were asked for.
    pub(crate) hosts: BTreeMap<String, Vec<Arc<str>>>,
    pub(crate) asked: Vec<String>,
    /// All credentials that were judged.
    pub(crate) credentials: Vec<Credentials>,
    /// Who needs no password with a certificate, and whose ACCT is asked for.
    pub(crate) certified: Vec<&'static str>,
    pub(crate) codes: BTreeMap<&'static str, &'static str>,
}

/// An action of TLS under way.
#[derive(Debug)]
enum Change {
    Secure(Ticket<Secured>),
    Unsecure(Ticket<Done>),
    Data(Ticket<Secured>, DataId),
}

impl Change {
    fn id(&self) -> ActionId {
        match self {
            Self::Secure(ticket) | Self::Data(ticket, _) => ticket.id(),
            Self::Unsecure(ticket) => ticket.id(),
        }
    }

    fn fail(self, failure: Failure) -> Completion {
        match self {
            Self::Secure(ticket) | Self::Data(ticket, _) => ticket.fail(failure),
            Self::Unsecure(ticket) => ticket.fail(failure),
        }
    }
}

// What the engine asks.
impl World {
    pub(super) fn run_secure(&mut self, ticket: Ticket<Secured>, host: Option<Arc<str>>) {
        self.books.issued(ticket.id());
        assert_eq!(self.tls.layer, Layer::Clear, "TLS begins in the clear");
        self.tls.layer = Layer::Securing;
        self.tls.shown.push(host.map(|host| host.to_string()));
        self.change(Change::Secure(ticket), "Secure", self.tls.holds_control);
    }

    pub(super) fn run_unsecure(&mut self, ticket: Ticket<Done>) {
        self.books.issued(ticket.id());
        assert_eq!(self.tls.layer, Layer::Secured, "only TLS can end");
        self.tls.layer = Layer::Unsecuring;
        self.change(Change::Unsecure(ticket), "Unsecure", self.tls.holds_control);
    }

    pub(super) fn run_secure_data(&mut self, ticket: Ticket<Secured>, data: DataId, role: TlsRole) {
        let link = &mut self.links[*self.data.get(&data).expect("an open data connection")];
        assert!(link.tls.is_none() && link.waiting.is_empty(), "TLS begins once, before anything else");
        link.tls = Some(role);
        link.handshakes = true;
        self.tls.roles.push(role);
        self.change(Change::Data(ticket, data), "SecureData", self.tls.holds_data);
    }

    fn change(&mut self, change: Change, kind: &str, held: bool) {
        // By chance only data connections fail: the end of the control connection is the end of the session.
        let by_chance = matches!(change, Change::Data(..));
        if let Some(failure) = if by_chance { self.injected(kind) } else { self.arranged(kind) } {
            self.ended(&change);
            return self.ready.push(change.fail(failure));
        }
        if held { self.tls.under_way.push(change) } else { self.finish_change(change) }
    }

    fn finish_change(&mut self, change: Change) {
        self.ended(&change);
        let completion = match change {
            Change::Secure(ticket) => {
                self.tls.layer = Layer::Secured;
                ticket.done(self.tls.control.clone())
            }
            Change::Unsecure(ticket) => {
                self.tls.layer = Layer::Clear;
                ticket.done(Done)
            }
            Change::Data(ticket, _) => ticket.done(self.tls.data.clone()),
        };
        self.ready.push(completion);
    }

    fn ended(&mut self, change: &Change) {
        if let Change::Data(_, data) = change {
            self.links[self.data[data]].handshakes = false;
        }
    }

    pub(super) fn cancel_change(&mut self, id: ActionId) {
        let Some(at) = self.tls.under_way.iter().position(|change| change.id() == id) else { return };
        let change = self.tls.under_way.remove(at);
        // A cancelled handshake may as well succeed late.
        if self.late {
            return self.finish_change(change);
        }
        self.ended(&change);
        self.ready.push(change.fail(Failure::Cancelled));
    }

    pub(super) fn select_host(&mut self, name: &str) -> Result<VirtualHost, Failure> {
        self.tls.asked.push(name.into());
        let known = self.tls.hosts.get(&name.to_ascii_lowercase());
        known.map(|greeting| VirtualHost { greeting: greeting.clone() }).ok_or(Failure::NotFound)
    }

    /// Whether these credentials will do, and what is missing.
    pub(super) fn judge(&mut self, credentials: Credentials, password: &[u8]) -> Result<(), Failure> {
        let user = String::from_utf8_lossy(&credentials.user).into_owned();
        let certified = credentials.certificate.is_some() && self.tls.certified.contains(&user.as_str());
        let right = credentials.password.as_ref().map_or(certified, |given| given.expose() == password);
        let code = self.tls.codes.get(user.as_str()).map(|code| code.as_bytes());
        let given = credentials.account.as_ref().map(|given| given.expose().to_vec());
        self.tls.credentials.push(credentials);
        match (right, code, given) {
            (false, ..) => Err(Failure::LoginIncorrect),
            (true, Some(_), None) => Err(Failure::AccountRequired),
            (true, Some(code), Some(given)) if code != given => Err(Failure::LoginIncorrect),
            (true, ..) => Ok(()),
        }
    }
}

// What a test wants.
impl World {
    /// A connected client of a server with TLS.
    pub(crate) fn with_tls(configure: impl FnOnce(&mut ftp_proto::config::Config)) -> Self {
        Self::with(|config| {
            config.tls.offered = Switch::On;
            configure(config);
        })
    }

    /// The same behind AUTH TLS.
    pub(crate) fn secured_with(configure: impl FnOnce(&mut ftp_proto::config::Config)) -> Self {
        let mut world = Self::with_tls(configure);
        world.ask("AUTH TLS", "234");
        world
    }

    /// The same, logged in, with private data connections.
    pub(crate) fn private_with(configure: impl FnOnce(&mut ftp_proto::config::Config)) -> Self {
        let mut world = Self::secured_with(configure);
        world.log_in("alice");
        world.ask("PBSZ 0", "200");
        world.ask("PROT P", "200");
        world
    }

    /// The client connects to the implicit port.
    pub(crate) fn connect_implicitly(&mut self, admission: Admission) {
        let (local, peer) = (address(LOCAL), address(PEER));
        self.event(Event::Connected { local, peer, admission, implicit_tls: Switch::On });
    }

    /// What was held back goes on.
    pub(crate) fn finish_handshakes(&mut self) {
        (self.tls.holds_control, self.tls.holds_data) = (false, false);
        for change in std::mem::take(&mut self.tls.under_way) {
            self.finish_change(change);
        }
        self.settle();
    }

    pub(crate) fn handshakes_under_way(&self) -> usize {
        self.tls.under_way.len()
    }

    /// What was held back fails.
    pub(crate) fn fail_handshakes(&mut self, failure: Failure) {
        for change in std::mem::take(&mut self.tls.under_way) {
            self.ended(&change);
            self.ready.push(change.fail(failure));
        }
        self.settle();
    }
}
