//! Virtual hosts: HOST (RFC 7151), and the name in the client's handshake (SNI).
//!
//! The two must agree. A name in the handshake that nobody knows selects the server itself, without a word: clients put
//! there whatever their user typed.

use alloc::sync::Arc;
use core::net::IpAddr;

use super::Handshake;
use crate::action::HostAction;
use crate::command::HostName;
use crate::failure::Failure;
use crate::outcome::VirtualHost;
use crate::reply::reply;
use crate::server::question::Question;
use crate::server::{CloseReason, Session};

/// Who asked for a virtual host.
#[derive(Debug)]
pub(in crate::server) enum Selecting {
    /// HOST, by this name.
    Command(Arc<str>),
    /// The handshake, by this name.
    Sni(Arc<str>, Handshake),
}

impl Session {
    /// The virtual host that was selected.
    pub(in crate::server) fn host(&self) -> Option<Arc<str>> {
        self.security.as_ref()?.host.clone()
    }

    pub(super) fn run_host_command(&mut self, name: HostName) {
        if !self.login.is_nobody() {
            return self.finish(reply!("503 HOST comes before USER."));
        }
        let sni = self.security.as_ref().and_then(|security| security.sni.clone());
        let name = match (name, sni) {
            (HostName::Domain(name), Some(sni)) if same_host(&name, &sni) => sni,
            (_, Some(_)) => return self.finish(reply!("504 TLS was begun with another host.")),
            (HostName::Domain(name), None) => Arc::from(name),
            (HostName::Address(address), None) => return self.select_address(address),
        };
        self.ask(Question::Host(Selecting::Command(name.clone())), |ticket| HostAction::SelectHost {
            ticket,
            name: (*name).into(),
        });
    }

    /// Our own address is the server itself; nobody has a virtual host at another (RFC 7151 §3.1).
    fn select_address(&mut self, address: IpAddr) {
        if address != self.local && Some(address) != self.config.public_address {
            return self.finish(reply!("504 That is not this server's address."));
        }
        if let Some(security) = &mut self.security {
            security.host = None;
        }
        let greeting = self.greeting();
        self.finish(greeting);
    }

    /// The handshake is done: the name in it selects the host, where HOST did not.
    pub(super) fn select_by_sni(&mut self, handshake: Handshake) {
        let security = self.security_mut();
        match (security.sni.clone(), &security.host) {
            (None, _) => self.layer_is_ready(handshake, &[]),
            (Some(sni), Some(host)) if same_host(&sni, host) => self.layer_is_ready(handshake, &[]),
            (Some(_), Some(_)) => {
                self.close(CloseReason::HostMismatch, Some(reply!("421 HOST and TLS name different hosts, closing.")));
            }
            (Some(name), None) => {
                self.ask(Question::Host(Selecting::Sni(name.clone(), handshake)), |ticket| HostAction::SelectHost {
                    ticket,
                    name: (*name).into(),
                });
            }
        }
    }

    pub(in crate::server) fn answer_host(&mut self, selecting: Selecting, result: Result<VirtualHost, Failure>) {
        let host = match (selecting, result) {
            (Selecting::Command(name), Ok(host)) => {
                self.security_mut().host = Some(name);
                let greeting = self.greeting_of(&host.greeting);
                return self.finish(greeting);
            }
            (Selecting::Command(_), Err(_)) => {
                // Another HOST counts as though the one before had not been sent (RFC 7151 §3).
                if let Some(security) = &mut self.security {
                    security.host = None;
                }
                return self.finish(reply!("504 No such host here."));
            }
            (Selecting::Sni(name, handshake), Ok(host)) => {
                self.security_mut().host = Some(name);
                (handshake, host.greeting)
            }
            (Selecting::Sni(_, handshake), Err(_)) => (handshake, Default::default()),
        };
        self.layer_is_ready(host.0, &host.1);
    }
}

/// Whether two names mean one host: letters in any case, a dot at the end or none.
fn same_host(one: &str, other: &str) -> bool {
    let (one, other) = (one.strip_suffix('.').unwrap_or(one), other.strip_suffix('.').unwrap_or(other));
    one.eq_ignore_ascii_case(other)
}
