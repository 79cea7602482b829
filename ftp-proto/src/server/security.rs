//! TLS on the control connection: AUTH, CCC, implicit TLS, and what stays in force behind them (RFC 4217, RFC 2228).
//!
//! ```text
//!            AUTH: 234, then Secure                    CCC: 200, then Unsecure
//!  Clear ───────────► (Securing) ──► Secured ───────────► (Unsecuring) ──► Cleared
//!    ▲                    ▲             │                                     │ AUTH
//!    │                    └─────────────│─────────────────────────────────────┘
//!    └──────────── (Unsecuring) ◄───────┘ REIN: 220, then Unsecure
//! ```
//!
//! In the states in brackets the connection is between two layers: no command runs, nothing is written, and the
//! session asks for no bytes. What comes in clear all the same between the 234 and the end of the handshake was put
//! there by someone else, or by a client that cannot know what it is doing: it closes the session. So does a handshake
//! that fails, without a word, since nobody knows what the connection is then (RFC 4217 §10.1).
//!
//! On an implicit listener TLS comes before the first word and stays: REIN leaves it on, as it was when the connection
//! began.
//!
//! | file | what it does |
//! |---|---|
//! | `protection` | PBSZ, PROT, SSCN, and TLS on data connections |
//! | `hosts` | HOST and SNI |

mod hosts;
mod protection;

pub(super) use self::hosts::Selecting;
pub(super) use self::protection::TlsFault;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem;

use super::ledger::Step;
use super::state::LayerState;
use super::{CloseReason, Session, Work};
use crate::action::Action;
use crate::command::{Mechanism, SecurityCommand};
use crate::failure::Failure;
use crate::notice::{Notice, Refusal};
use crate::outcome::{Done, Secured};
use crate::reply::{Reply, reply};
use crate::ticket::{Answer, outcome};
use crate::verb::Verb;

/// What TLS and HOST have made of the session. Boxed, and only there once one of them was used.
#[derive(Debug, Default)]
pub(super) struct Security {
    layer: Layer,
    /// Whether the connection began with TLS.
    implicit: bool,
    /// The client's certificate, verified.
    certificate: Option<Arc<[u8]>>,
    /// The host that the client named in its handshake.
    sni: Option<Arc<str>>,
    /// The virtual host that was selected.
    host: Option<Arc<str>>,
    /// Whether PBSZ was said, or need not be.
    sized: bool,
    /// Whether data connections are private (PROT P).
    private: bool,
    /// Whether we are the TLS client on data connections (SSCN ON).
    sscn: bool,
}

impl Security {
    /// What the control connection is, for those who watch.
    pub(super) const fn state(&self) -> LayerState {
        match self.layer {
            Layer::Clear => LayerState::Clear,
            Layer::Secured => LayerState::Secured,
            Layer::Cleared => LayerState::Cleared,
        }
    }
}

/// What the control connection is, between two changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Layer {
    #[default]
    Clear,
    Secured,
    /// Clear again, by CCC: PROT stays as it is.
    Cleared,
}

/// A handshake under way on the control connection, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// AUTH asked for it.
    Explicit(Mechanism),
    /// It comes before the greeting.
    Implicit,
}

impl Handshake {
    /// Whether data connections are private without a PROT. TLS-P and SSL say so in the drafts of RFC 4217; so does
    /// everyone on an implicit port.
    const fn implies_private(self) -> bool {
        matches!(self, Self::Implicit | Self::Explicit(Mechanism::TlsP | Mechanism::Ssl))
    }
}

impl Session {
    pub(super) fn run_security(&mut self, command: SecurityCommand) {
        match command {
            SecurityCommand::Auth(mechanism) => self.run_auth(mechanism),
            SecurityCommand::Pbsz(_) => self.run_pbsz(),
            SecurityCommand::Prot(level) => self.run_prot(level),
            SecurityCommand::Wrapped(verb, _) => self.refuse_wrapped(verb),
            SecurityCommand::Sscn(switch) => self.run_sscn(switch),
            SecurityCommand::Host(name) => self.run_host_command(name),
        }
    }

    /// Whether the control connection is secured now.
    pub(super) fn is_secured(&self) -> bool {
        self.security.as_ref().is_some_and(|security| security.layer == Layer::Secured)
    }

    /// The client's certificate, while the connection it came over is secured.
    pub(super) fn certificate(&self) -> Option<Arc<[u8]>> {
        self.security.as_ref().filter(|_| self.is_secured())?.certificate.clone()
    }

    /// Whether the control connection is between two layers: nothing may be said.
    pub(super) const fn is_between_layers(&self) -> bool {
        matches!(self.work, Work::Securing(_) | Work::Unsecuring)
    }

    /// AUTH: everything that was said in the clear is forgotten, but for HOST (RFC 4217 §4.2, RFC 7151 §3.2.2).
    fn run_auth(&mut self, mechanism: Mechanism) {
        if self.is_secured() {
            return self.finish(reply!("503 TLS is on already."));
        }
        if self.inbox.holds_anything() {
            self.notify(Notice::Refused { what: Refusal::PlaintextBehindAuth });
            self.finish(reply!("503 Nothing may be sent behind AUTH before TLS is on, closing."));
            return self.close(CloseReason::PlaintextBehindAuth, None);
        }
        self.log_out();
        self.parameters = super::Parameters::default();
        self.outbox.write(reply!("234 Begin TLS now."));
        self.begin_handshake(Handshake::Explicit(mechanism));
    }

    /// Implicit TLS: the greeting comes behind it.
    pub(super) fn secure_at_once(&mut self) {
        self.begin_handshake(Handshake::Implicit);
    }

    fn begin_handshake(&mut self, handshake: Handshake) {
        let host = self.security.as_ref().and_then(|security| security.host.clone());
        let deadline = self.now + self.config.timeouts.login;
        let ticket = self.ledger.issue(Step::Layer, Some(deadline));
        self.outbox.push(Action::Secure { ticket, host });
        self.work = Work::Securing(handshake);
    }

    /// Bytes came in clear while a handshake is under way.
    pub(super) fn plaintext_behind_auth(&mut self) {
        self.notify(Notice::Refused { what: Refusal::PlaintextBehindAuth });
        self.close(CloseReason::PlaintextBehindAuth, None);
    }

    /// TLS has begun or ended on the control connection, or could not.
    pub(super) fn layer_changed(&mut self, result: Result<Answer, Failure>) {
        let work = mem::replace(&mut self.work, Work::Idle);
        if self.ending.is_some() {
            return;
        }
        match work {
            Work::Securing(handshake) => match outcome::<Secured>(result) {
                Ok(secured) => self.secured(handshake, secured),
                Err(_) => self.layer_broke(),
            },
            Work::Unsecuring => match outcome::<Done>(result) {
                Ok(Done) => {
                    if let Some(security) = &mut self.security {
                        (security.layer, security.certificate) = (Layer::Cleared, None);
                    }
                    self.work_done();
                }
                Err(_) => self.layer_broke(),
            },
            other => self.work = other,
        }
    }

    /// Nobody knows what the connection is now: it is dropped.
    fn layer_broke(&mut self) {
        self.outbox.mute();
        self.close(CloseReason::TlsFailed, None);
    }

    fn secured(&mut self, handshake: Handshake, secured: Secured) {
        let Secured { sni, peer_certificate, parameters, alpn, resumed: _ } = secured;
        self.notify(Notice::Secured { parameters, sni: sni.clone(), alpn });
        let private = handshake.implies_private();
        let host = self.security.take().and_then(|before| before.host);
        self.security = Some(Box::new(Security {
            layer: Layer::Secured,
            implicit: handshake == Handshake::Implicit,
            certificate: peer_certificate,
            sni,
            host,
            sized: private,
            private,
            sscn: false,
        }));
        self.select_by_sni(handshake);
    }

    /// The handshake and the choice of the host are done.
    fn layer_is_ready(&mut self, handshake: Handshake, greeting: &[Arc<str>]) {
        match handshake {
            Handshake::Implicit => {
                let greeting = self.greeting_of(greeting);
                self.finish(greeting);
            }
            Handshake::Explicit(_) => self.work_done(),
        }
    }

    /// CCC: back to the clear, for those whose firewalls read along (RFC 4217 §5).
    pub(super) fn run_ccc(&mut self) {
        if !self.is_secured() {
            return self.finish(reply!("533 The control connection is not secured."));
        }
        if self.config.tls.login.is_required() && self.login.user().is_none() {
            return self.finish(reply!("534 Log in first."));
        }
        self.outbox.write(reply!("200 Going on in the clear."));
        self.unsecure();
    }

    fn unsecure(&mut self) {
        let deadline = self.now + self.config.timeouts.login;
        let ticket = self.ledger.issue(Step::Layer, Some(deadline));
        self.outbox.push(Action::Unsecure(ticket));
        self.work = Work::Unsecuring;
    }

    /// REIN: what was secured since the connection began is in the clear again, behind `greeting` (RFC 4217 §13).
    pub(super) fn reset_security(&mut self, greeting: Reply) {
        let secured = self.is_secured();
        match &mut self.security {
            Some(security) if secured && security.implicit => {
                if security.sni.is_none() {
                    security.host = None;
                }
                (security.sized, security.private, security.sscn) = (true, true, false);
                self.finish(greeting);
            }
            _ => {
                self.security = None;
                if !secured {
                    return self.finish(greeting);
                }
                self.outbox.write(greeting);
                self.unsecure();
            }
        }
    }

    /// ADAT, MIC, CONF, ENC: TLS protects whole connections, not commands.
    fn refuse_wrapped(&mut self, verb: Verb) {
        self.finish(match (verb, self.is_secured()) {
            (Verb::Adat, _) => reply!("503 TLS needs no ADAT."),
            (_, false) => reply!("503 Send AUTH first."),
            (_, true) => reply!("537 TLS protects the connection, not single commands."),
        });
    }

    /// Whether a login must wait for TLS; answers so.
    pub(super) fn needs_tls_first(&mut self) -> bool {
        let needs = self.config.tls.login.is_required() && !self.is_secured();
        if needs {
            self.notify(Notice::Refused { what: Refusal::NotSecured });
            self.finish(reply!("534 Logging in needs TLS, send AUTH TLS first."));
        }
        needs
    }

    /// For STAT.
    pub(super) fn describe_security(&self) -> Option<&'static str> {
        Some(match (self.security.as_deref()?, self.is_secured()) {
            (Security { private: true, .. }, true) => "TLS on the control connection and on data connections",
            (Security { private: false, .. }, true) => "TLS on the control connection",
            (Security { private: true, .. }, false) => "TLS on data connections",
            (Security { private: false, .. }, false) => return None,
        })
    }

    fn security_mut(&mut self) -> &mut Security {
        self.security.get_or_insert_default()
    }
}
