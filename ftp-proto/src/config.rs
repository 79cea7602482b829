//! What the operator decides: shared by every session of a server, never changed by one.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::RangeInclusive;

use crate::limits::{Limits, Timeouts};
use crate::storage::HashAlgorithms;
use crate::verb::{Verb, VerbSet};

/// The configuration of a server. Start from `default()` and change what you need.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Config {
    /// The lines of the 220 reply; control bytes are shown as `?`.
    pub greeting: Vec<String>,
    /// The bounds of a session.
    pub limits: Limits,
    /// The times of a session.
    pub timeouts: Timeouts,
    /// Passive ports; `None` lets the kernel choose.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// The address that PASV tells, where the server stands behind NAT.
    pub public_address: Option<IpAddr>,
    /// Whether PORT, EPRT and LPRT are on.
    pub active_mode: Switch,
    /// Whether SIZE in types A and E tells the size in octets as stored. Off, it answers 550: the true size would need the
    /// whole file to be read (RFC 3659 §4.1).
    pub ascii_size: Switch,
    /// Whether what arrived of a broken upload is kept under its name for a later resume.
    pub keep_partial: Switch,
    /// Whether RNTO and SITE COPY may replace a file.
    pub rename_replaces: Switch,
    /// What is asked of TLS.
    pub tls: TlsPolicy,
    /// Besides the client's own address, data connections may go to and come from these networks: transfers between
    /// two servers (FXP). Empty, which is the default, allows none.
    pub fxp: Vec<Network>,
    /// Whether MODE Z (deflate) is on. It takes the feature `mode-z` too, which is on by default.
    pub mode_z: Switch,
    /// The algorithms of HASH; XCRC, XMD5, XSHA and their kin each need theirs. All are on by default.
    pub hashes: HashAlgorithms,
    /// Whether SMNT is answered 202, for clients that insist on it. Off by default: 502.
    pub structure_mount: Switch,
    /// Verbs that are switched off: answered 502, left out of FEAT and HELP.
    pub disabled: VerbSet,
    /// Verbs that the embedding program answers.
    pub custom: Vec<CustomVerb>,
}

/// What is asked of TLS (RFC 4217). Certificates and versions are the adapter's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TlsPolicy {
    /// Whether there is TLS: AUTH, PBSZ and PROT. Off by default, since it needs a certificate.
    pub offered: Switch,
    /// Whether USER needs a secured control connection.
    pub login: Demand,
    /// Whether transfers and listings need PROT P.
    pub data: Demand,
    /// Whether a data connection must resume the TLS session of its control connection.
    pub data_reuse: Demand,
    /// Whether an upload whose TLS stream ends without `close_notify` is refused: it may have been cut short by anyone.
    /// On by default.
    pub strict_end: Switch,
    /// Whether CCC is on: the control connection may go back to the clear. Off by default.
    pub clear_control: Switch,
}

/// Whether something may be done without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Demand {
    /// It may.
    Optional,
    /// It may not.
    Required,
}

impl Demand {
    /// Whether it may not be done without.
    #[must_use]
    pub fn is_required(self) -> bool {
        self == Self::Required
    }
}

impl Default for TlsPolicy {
    fn default() -> Self {
        Self {
            offered: Switch::Off,
            login: Demand::Optional,
            data: Demand::Optional,
            data_reuse: Demand::Optional,
            strict_end: Switch::On,
            clear_control: Switch::Off,
        }
    }
}

/// A network: all addresses that share their first `prefix` bits with `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Network {
    /// One of its addresses.
    pub address: IpAddr,
    /// How many bits they share: up to 32 or 128.
    pub prefix: u8,
}

impl Network {
    /// Whether `address` is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, other, bits) = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (u128::from(own.to_bits()), u128::from(other.to_bits()), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let free = 128_u32.min(u32::from(bits - self.prefix.min(bits)));
        (own ^ other).checked_shr(free).unwrap_or(0) == 0
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// A verb that the embedding program answers, by [`HostAction::Custom`](crate::HostAction::Custom).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CustomVerb {
    /// Its name in upper case letters, at most 12; `SITE NAME` makes it a SITE verb. A built-in verb of the same name
    /// wins, unless it is switched off.
    pub name: String,
    /// Its argument, as HELP shows it: `<sp> pathname`. Empty when it takes none.
    pub syntax: String,
    /// Whether it needs a login.
    pub needs_login: bool,
    /// Whether FEAT lists it.
    pub in_feat: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: Vec::from([String::from("FTP server ready.")]),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            passive_ports: None,
            public_address: None,
            active_mode: Switch::On,
            ascii_size: Switch::Off,
            keep_partial: Switch::Off,
            rename_replaces: Switch::On,
            tls: TlsPolicy::default(),
            fxp: Vec::new(),
            mode_z: Switch::On,
            hashes: HashAlgorithms::ALL,
            structure_mount: Switch::Off,
            disabled: VerbSet::EMPTY,
            custom: Vec::new(),
        }
    }
}

impl Config {
    /// Whether TLS, as it is configured, has a use for `verb`; any other verb is none of its business.
    fn tls_allows(&self, verb: Verb) -> bool {
        let offered = self.tls.offered.is_on();
        match verb {
            Verb::Auth | Verb::Adat | Verb::Pbsz | Verb::Prot | Verb::Mic | Verb::Conf | Verb::Enc => offered,
            Verb::Ccc => offered && self.tls.clear_control.is_on(),
            // Another server has no TLS session of ours to resume.
            Verb::Cpsv | Verb::Sscn => offered && !self.fxp.is_empty() && !self.tls.data_reuse.is_required(),
            _ => true,
        }
    }

    /// Whether `verb` is on.
    #[must_use]
    pub fn allows(&self, verb: Verb) -> bool {
        let active = matches!(verb, Verb::Port | Verb::Eprt | Verb::Lprt);
        let mount = verb == Verb::Smnt && !self.structure_mount.is_on();
        !self.disabled.contains(verb)
            && (!active || self.active_mode.is_on())
            && !mount
            && self.hashes(verb)
            && self.tls_allows(verb)
    }

    /// Whether the algorithm that `verb` needs, if it needs one, is on.
    pub(crate) fn hashes(&self, verb: Verb) -> bool {
        match verb {
            Verb::Hash | Verb::Rang => self.hashes != HashAlgorithms::NONE,
            _ => verb.algorithm().is_none_or(|algorithm| self.hashes.contains(algorithm)),
        }
    }
}
