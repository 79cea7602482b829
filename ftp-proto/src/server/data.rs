//! PASV, EPSV, LPSV, CPSV, PORT, EPRT, LPRT: how the next data connection will come about.
//!
//! One setup at a time; a new one replaces the old. A passive connection is accepted as soon as the client makes it,
//! and judged by its address: a stranger is turned away and the listener keeps waiting.

use core::net::{IpAddr, SocketAddr};

use rand_chacha::rand_core::Rng;

use super::ledger::Step;
use super::question::Question;
use super::security::TlsFault;
use super::{Session, Work};
use crate::action::{Action, CloseHow, DataAction, Ports, TlsRole};
use crate::command::EpsvArgument;
use crate::digits::{Decimal, NumberList};
use crate::failure::Failure;
use crate::id::{DataId, ListenerId};
use crate::notice::{Notice, Refusal};
use crate::outcome::{Closed, Connected, Listening};
use crate::reply::{Reply, reply};
use crate::ticket::{Answer, outcome};
use crate::verb::Verb;

/// How the next data connection comes about.
#[derive(Debug)]
pub(super) enum DataSetup {
    /// It does not: 425.
    None,
    /// The client is to connect.
    Listening(Waiting),
    /// The client has connected, ahead of its command.
    Connected(Link),
    /// It had, and TLS was not to be had with it: 522.
    Refused(TlsFault),
    /// We are to connect, once the 150 has left.
    Active(SocketAddr),
}

/// A listener, and the connection it waits for.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) listener: ListenerId,
    pub(super) data: DataId,
    role: TlsRole,
    strangers: u32,
}

/// A data connection that waits for its command.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) data: DataId,
    /// Which side of a TLS handshake on it is ours.
    pub(super) role: TlsRole,
    pub(super) tls: LinkTls,
}

/// How far TLS is on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkTls {
    Clear,
    Securing,
    Secured,
}

impl Session {
    pub(super) fn run_epsv(&mut self, argument: EpsvArgument) {
        match argument {
            EpsvArgument::All => {
                self.parameters.epsv_all = true;
                return self.finish(reply!("200 Only EPSV from here on."));
            }
            EpsvArgument::Ipv4 if !self.local.is_ipv4() => return self.refuse_family(),
            EpsvArgument::Ipv6 if self.local.is_ipv4() => return self.refuse_family(),
            EpsvArgument::Other => return self.refuse_family(),
            EpsvArgument::Same | EpsvArgument::Ipv4 | EpsvArgument::Ipv6 => {}
        }
        self.listen(Verb::Epsv);
    }

    pub(super) fn run_passive(&mut self, verb: Verb) {
        if self.refused_by_epsv_all() {
            return;
        }
        if matches!(verb, Verb::Pasv | Verb::Cpsv) && !self.local.is_ipv4() {
            return self.finish(reply!("425 PASV cannot tell an IPv6 address, use EPSV."));
        }
        if verb == Verb::Cpsv && self.refused_between_servers() {
            return;
        }
        self.listen(verb);
    }

    fn listen(&mut self, verb: Verb) {
        self.close_data_setup();
        let listener = ListenerId(self.ledger.mint());
        let ports = match self.config.passive_ports.clone() {
            None => Ports::Any,
            Some(range) => {
                let ports = u64::from(range.end().saturating_sub(*range.start())) + 1;
                let offset = u16::try_from(self.random().next_u64() % ports).unwrap_or(0);
                let first = range.start().saturating_add(offset);
                Ports::Range { range, first }
            }
        };
        let address = self.local;
        let ticket = self.issue(Step::Question);
        self.outbox.push(Action::Data(DataAction::Listen { ticket, listener, address, ports }));
        self.work = Work::Question(Question::Listen(verb, listener));
    }

    pub(super) fn answer_listen(&mut self, verb: Verb, listener: ListenerId, result: Result<Listening, Failure>) {
        let port = match result {
            Ok(listening) => listening.address.port(),
            Err(_) => return self.finish(reply!("425 No port to listen on, try again later.")),
        };
        let role = if verb == Verb::Cpsv { TlsRole::Client } else { self.data_role() };
        self.data = DataSetup::Listening(self.accept_on(listener, role, 0));
        let prepared = self.parameters.ahead.take_prepared();
        let reply = self.passive_reply(verb, port, prepared);
        self.finish(reply);
    }

    fn passive_reply(&self, verb: Verb, port: u16, prepared: Option<IpAddr>) -> Reply {
        let prepared = prepared.filter(|address| address.is_ipv4() == self.local.is_ipv4());
        let address = match (self.local, prepared.or(self.config.public_address)) {
            (IpAddr::V4(_), Some(public @ IpAddr::V4(_))) | (IpAddr::V6(_), Some(public @ IpAddr::V6(_))) => public,
            (own, _) => own,
        };
        let mut list = NumberList::default();
        match (verb, address) {
            (Verb::Epsv, _) => {
                let port = Decimal::new(u64::from(port));
                return Reply::line(229, &[b"Entering Extended Passive Mode (|||", port.as_bytes(), b"|)"]);
            }
            (Verb::Lpsv, IpAddr::V4(v4)) => [&[4, 4], &v4.octets()[..], &[2]].into_iter().for_each(|it| list.add(it)),
            (_, IpAddr::V4(v4)) => list.add(&v4.octets()),
            (_, IpAddr::V6(v6)) => [&[6, 16], &v6.octets()[..], &[2]].into_iter().for_each(|it| list.add(it)),
        }
        list.add(&port.to_be_bytes());
        match verb {
            Verb::Lpsv => Reply::line(228, &[b"Entering Long Passive Mode (", list.as_bytes(), b")"]),
            _ => Reply::line(227, &[b"Entering Passive Mode (", list.as_bytes(), b")."]),
        }
    }

    /// PORT, EPRT, LPRT: only to the client's own address and to no port that a service listens on, or this would be
    /// a tool to reach third parties (RFC 2577 §3). Refused before anything is dialled.
    pub(super) fn run_port(&mut self, mut address: SocketAddr) {
        if self.refused_by_epsv_all() {
            return;
        }
        if address.is_ipv6() && address.ip().is_unspecified() && self.peer.is_ipv6() {
            // lftp's way to say "me" over IPv6.
            address.set_ip(self.peer.ip());
        }
        if address.is_ipv4() != self.peer.is_ipv4() {
            return self.refuse_family();
        }
        if !self.may_connect(address.ip()) {
            self.notify(Notice::Refused { what: Refusal::Bounce });
            return self.finish(reply!("501 Only your own address is allowed."));
        }
        if address.port() < 1024 {
            self.notify(Notice::Refused { what: Refusal::Bounce });
            return self.finish(reply!("504 Ports below 1024 are not allowed."));
        }
        self.close_data_setup();
        self.data = DataSetup::Active(address);
        self.finish(reply!("200 Address noted."));
    }

    /// 522 with the families that would do (RFC 2428 §2).
    pub(super) fn refuse_family(&mut self) {
        self.finish(match self.local {
            IpAddr::V4(_) => reply!("522 Network protocol not supported, use (1)"),
            IpAddr::V6(_) => reply!("522 Network protocol not supported, use (2)"),
        });
    }

    fn refused_by_epsv_all(&mut self) -> bool {
        if self.parameters.epsv_all {
            self.finish(reply!("503 Only EPSV is allowed after EPSV ALL."));
        }
        self.parameters.epsv_all
    }

    /// Whether data connections may go to and come from `address`: the client's own, or that of a partner (FXP).
    fn may_connect(&self, address: IpAddr) -> bool {
        address == self.peer.ip() || self.config.fxp.iter().any(|network| network.contains(address))
    }

    fn accept_on(&mut self, listener: ListenerId, role: TlsRole, strangers: u32) -> Waiting {
        let data = DataId(self.ledger.mint());
        let ticket = self.ledger.issue(Step::Accept(data), None);
        self.outbox.push(Action::Data(DataAction::Accept { ticket, listener, data }));
        Waiting { listener, data, role, strangers }
    }

    /// Someone connected to a passive port, or nobody can any more.
    pub(super) fn accepted(&mut self, data: DataId, result: Result<Answer, Failure>) {
        let result = outcome::<Connected>(result);
        let Some(waiting) = self.take_waiting(data) else {
            if result.is_ok() {
                self.close_stray(data);
            }
            return;
        };
        match result {
            Ok(connected) if self.may_connect(connected.peer.ip()) => {
                self.outbox.push(Action::Data(DataAction::CloseListener(waiting.listener)));
                self.give_connection(data, waiting.role);
            }
            Ok(connected) => {
                self.close_stray(data);
                self.notify(Notice::Refused { what: Refusal::Stranger(connected.peer) });
                if waiting.strangers >= self.config.limits.strangers {
                    return self.give_up(&waiting);
                }
                let waiting = self.accept_on(waiting.listener, waiting.role, waiting.strangers + 1);
                self.give_waiting(waiting);
            }
            Err(_) => self.give_up(&waiting),
        }
    }

    /// The listener that waits for this connection, in the setup or in the running transfer.
    fn take_waiting(&mut self, data: DataId) -> Option<Waiting> {
        if matches!(&self.data, DataSetup::Listening(waiting) if waiting.data == data)
            && let DataSetup::Listening(waiting) = core::mem::replace(&mut self.data, DataSetup::None)
        {
            return Some(waiting);
        }
        match &mut self.work {
            Work::Transfer(transfer) => transfer.waiting.take_if(|waiting| waiting.data == data),
            _ => None,
        }
    }

    fn give_waiting(&mut self, waiting: Waiting) {
        match &mut self.work {
            Work::Transfer(transfer) if transfer.is_connecting() => transfer.waiting = Some(waiting),
            _ => self.data = DataSetup::Listening(waiting),
        }
    }

    fn give_connection(&mut self, data: DataId, role: TlsRole) {
        match &self.work {
            Work::Transfer(transfer) if transfer.is_connecting() => self.transfer_connected(data, role),
            _ => {
                // TLS begins now: some clients send their command once it is done (RFC 4217 leaves the order open).
                let tls = if self.is_private() { LinkTls::Securing } else { LinkTls::Clear };
                self.data = DataSetup::Connected(Link { data, role, tls });
                if tls == LinkTls::Securing {
                    self.secure_data(data, role, Step::SecureData(data));
                }
            }
        }
    }

    fn give_up(&mut self, waiting: &Waiting) {
        self.outbox.push(Action::Data(DataAction::CloseListener(waiting.listener)));
        if matches!(&self.work, Work::Transfer(transfer) if transfer.is_connecting()) {
            self.stop_transfer(crate::notice::TransferOutcome::Reset);
        }
    }

    /// Closes whatever was set up for the next data connection.
    pub(super) fn close_data_setup(&mut self) {
        match core::mem::replace(&mut self.data, DataSetup::None) {
            DataSetup::None | DataSetup::Active(_) | DataSetup::Refused(_) => {}
            DataSetup::Listening(waiting) => self.close_listener(&waiting),
            // Closed once its handshake has been answered.
            DataSetup::Connected(Link { data, tls: LinkTls::Securing, .. }) => {
                self.cancel(|step| step == Step::SecureData(data));
            }
            DataSetup::Connected(link) => self.close_stray(link.data),
        }
    }

    pub(super) fn close_listener(&mut self, waiting: &Waiting) {
        let accept = Step::Accept(waiting.data);
        self.cancel(|step| step == accept);
        self.outbox.push(Action::Data(DataAction::CloseListener(waiting.listener)));
    }

    pub(super) fn close_stray(&mut self, data: DataId) {
        let ticket = self.issue::<Closed>(Step::Stray);
        self.outbox.push(Action::Data(DataAction::Close { ticket, data, how: CloseHow::Abort }));
    }
}
