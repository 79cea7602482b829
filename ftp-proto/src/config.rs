//! What the operator decides: shared by every session of a server, never changed by one.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::RangeInclusive;

use crate::limits::{Limits, Timeouts};
use crate::verb::{Verb, VerbSet};

/// The configuration of a server. Start from `default()` and change what you need.
#[derive(Clone, Debug)]
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
    /// Whether SIZE in TYPE A tells the size in octets as stored. Off, it answers 550: the true size would need the
    /// whole file to be read (RFC 3659 §4.1).
    pub ascii_size: Switch,
    /// Whether what arrived of a broken upload is kept under its name for a later resume.
    pub keep_partial: Switch,
    /// Whether RNTO and SITE COPY may replace a file.
    pub rename_replaces: Switch,
    /// Verbs that are switched off: answered 502, left out of FEAT and HELP.
    pub disabled: VerbSet,
    /// Verbs that the embedding program answers.
    pub custom: Vec<CustomVerb>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            disabled: VerbSet::EMPTY,
            custom: Vec::new(),
        }
    }
}

impl Config {
    /// Whether `verb` is on.
    #[must_use]
    pub fn allows(&self, verb: Verb) -> bool {
        let active = matches!(verb, Verb::Port | Verb::Eprt | Verb::Lprt);
        !self.disabled.contains(verb) && (!active || self.active_mode.is_on())
    }
}
