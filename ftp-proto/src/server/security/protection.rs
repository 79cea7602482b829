//! Data connections under TLS: PBSZ, PROT and SSCN (RFC 4217 §9), and the handshake of each.
//!
//! A handshake begins as soon as the connection is there: with the command that uses it still to come, or behind its
//! 150. One whose command has not come yet may take its time, as the connection itself may; behind the 150 it has the
//! time of a connection. A handshake that is cancelled or fails leaves the connection to be closed here.

use super::Layer;
use crate::action::{Action, DataAction, TlsRole};
use crate::command::ProtectionLevel;
use crate::config::Switch;
use crate::failure::Failure;
use crate::id::DataId;
use crate::notice::{Notice, Refusal, TransferOutcome};
use crate::outcome::Secured;
use crate::reply::{Reply, reply};
use crate::server::Session;
use crate::server::data::{DataSetup, LinkTls};
use crate::server::failures::broken_off;
use crate::server::ledger::Step;
use crate::ticket::{Answer, outcome};

/// What was wrong with TLS on a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum TlsFault {
    Failed,
    NotResumed,
}

impl TlsFault {
    /// What it makes of the transfer it was for.
    pub(in crate::server) const fn outcome(self) -> TransferOutcome {
        match self {
            Self::Failed => TransferOutcome::Failed(Failure::Tls),
            Self::NotResumed => TransferOutcome::NotResumed,
        }
    }
}

impl Session {
    /// Whether data connections are private: PROT P.
    pub(in crate::server) fn is_private(&self) -> bool {
        self.security.as_ref().is_some_and(|security| security.private)
    }

    /// Which side of the handshake is ours, unless CPSV says otherwise.
    pub(in crate::server) fn data_role(&self) -> TlsRole {
        match &self.security {
            Some(security) if security.sscn => TlsRole::Client,
            _ => TlsRole::Server,
        }
    }

    /// Whether PBSZ and PROT may be said: only while the control connection is secured (RFC 4217 §5, §9).
    fn may_protect(&mut self) -> bool {
        let layer = self.security.as_ref().map_or(Layer::Clear, |security| security.layer);
        match layer {
            Layer::Secured => return true,
            Layer::Clear => self.finish(reply!("503 Send AUTH first.")),
            Layer::Cleared => self.finish(reply!("503 Not behind CCC.")),
        }
        false
    }

    /// PBSZ: a stream has no buffers to agree on.
    pub(super) fn run_pbsz(&mut self) {
        if self.may_protect() {
            self.security_mut().sized = true;
            self.finish(reply!("200 PBSZ=0"));
        }
    }

    pub(super) fn run_prot(&mut self, level: ProtectionLevel) {
        if !self.may_protect() {
            return;
        }
        if !self.security_mut().sized {
            return self.finish(reply!("503 Send PBSZ first."));
        }
        let private = match level {
            ProtectionLevel::Private => true,
            ProtectionLevel::Clear if self.config.tls.data.is_required() => {
                return self.finish(reply!("534 Data connections need PROT P."));
            }
            ProtectionLevel::Clear => false,
            ProtectionLevel::Safe | ProtectionLevel::Confidential => {
                return self.finish(reply!("536 TLS knows only PROT C and PROT P."));
            }
        };
        self.security_mut().private = private;
        self.protect_setup();
        self.finish(match level {
            ProtectionLevel::Private => reply!("200 Data connections are private."),
            _ => reply!("200 Data connections are clear."),
        });
    }

    /// SSCN: whether we are the TLS client on data connections, towards another server.
    pub(super) fn run_sscn(&mut self, switch: Switch) {
        if switch.is_on() && self.refused_between_servers() {
            return;
        }
        if let Some(security) = &mut self.security {
            security.sscn = switch.is_on();
        }
        self.tell_sscn();
    }

    /// SSCN alone tells how it stands.
    pub(in crate::server) fn tell_sscn(&mut self) {
        self.finish(match self.data_role() {
            TlsRole::Client => reply!("200 SSCN:CLIENT METHOD"),
            TlsRole::Server => reply!("200 SSCN:SERVER METHOD"),
        });
    }

    /// CPSV and SSCN ON are for private data connections to another server.
    pub(in crate::server) fn refused_between_servers(&mut self) -> bool {
        let refused = !self.is_private();
        if refused {
            self.finish(reply!("503 Send PROT P first."));
        }
        refused
    }

    /// Begins the handshake on a data connection.
    pub(in crate::server) fn secure_data(&mut self, data: DataId, role: TlsRole, step: Step) {
        let ticket = self.ledger.issue(step, None);
        self.outbox.push(Action::Data(DataAction::Secure { ticket, data, role }));
    }

    /// PROT was said: a connection that waits for its command is secured now, or was for nothing.
    fn protect_setup(&mut self) {
        let private = self.is_private();
        match &mut self.data {
            DataSetup::Connected(link) if private && link.tls == LinkTls::Clear => {
                link.tls = LinkTls::Securing;
                let (data, role) = (link.data, link.role);
                self.secure_data(data, role, Step::SecureData(data));
            }
            DataSetup::Connected(link) if !private && link.tls != LinkTls::Clear => self.close_data_setup(),
            DataSetup::Refused(_) if !private => self.data = DataSetup::None,
            _ => {}
        }
    }

    /// The handshake ended on a connection whose command has not come yet; or that nobody wants any more.
    pub(in crate::server) fn setup_secured(&mut self, data: DataId, result: Result<Answer, Failure>) {
        let waits = matches!(&self.data, DataSetup::Connected(link) if link.data == data);
        let fault = if waits { self.tls_fault(result) } else { None };
        match (&mut self.data, fault) {
            (DataSetup::Connected(link), None) if waits => link.tls = LinkTls::Secured,
            (_, fault) => {
                if let Some(fault) = fault {
                    self.data = DataSetup::Refused(fault);
                }
                self.close_stray(data);
            }
        }
    }

    /// What is wrong with a data connection whose handshake ended like this.
    pub(in crate::server) fn tls_fault(&mut self, result: Result<Answer, Failure>) -> Option<TlsFault> {
        match outcome::<Secured>(result) {
            Err(_) => Some(TlsFault::Failed),
            Ok(secured) if self.config.tls.data_reuse.is_required() && !secured.resumed => {
                self.notify(Notice::Refused { what: Refusal::NotResumed });
                Some(TlsFault::NotResumed)
            }
            Ok(_) => None,
        }
    }

    /// Why no transfer may begin: PROT C where P is asked for (521, RFC 4217 §10.2), or a data connection that could
    /// not be secured (522), which this uses up.
    pub(in crate::server) fn protection_refusal(&mut self) -> Option<Reply> {
        if self.config.tls.data.is_required() && !self.is_private() {
            self.notify(Notice::Refused { what: Refusal::NotSecured });
            return Some(reply!("521 Data connection cannot be opened with this PROT setting, send PROT P."));
        }
        self.refused_setup()
    }

    pub(in crate::server) fn refused_setup(&mut self) -> Option<Reply> {
        let DataSetup::Refused(fault) = self.data else { return None };
        self.data = DataSetup::None;
        Some(broken_off(fault.outcome(), false))
    }
}
