//! TLS and virtual hosts: AUTH and its kin (RFC 2228, RFC 4217), SSCN, and HOST (RFC 7151).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str;

use super::grammar::{keyword, whole};
use super::{Command, CommandError};
use crate::config::Switch;
use crate::digits::write_decimal;
use crate::verb::Verb;

/// A command of the security extensions that has an argument. CCC, CPSV and a lone SSCN are [`Command::Bare`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityCommand {
    /// AUTH with a mechanism that is TLS by one of its names; any other is [`CommandError::NotImplementedFor`].
    Auth(Mechanism),
    /// PBSZ: up to 2³²−1, and over TLS always 0 in effect (RFC 4217 §9).
    Pbsz(u32),
    /// PROT.
    Prot(ProtectionLevel),
    /// ADAT, MIC, CONF, ENC: what they carry, verbatim. TLS has no use for them.
    Wrapped(Verb, Box<[u8]>),
    /// SSCN ON or OFF.
    Sscn(Switch),
    /// HOST.
    Host(HostName),
}

/// The names of TLS as a mechanism of AUTH (RFC 4217 §17, and its drafts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `TLS`: data connections stay clear until PROT.
    Tls,
    /// `TLS-C`: the same by an older name.
    TlsC,
    /// `TLS-P`: with data connections private from the start, as the drafts of RFC 4217 had it.
    TlsP,
    /// `SSL`: an older name for `TLS-P`.
    Ssl,
}

/// PROT's argument (RFC 2228 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtectionLevel {
    /// C: no TLS.
    Clear,
    /// S: integrity alone, which TLS does not offer.
    Safe,
    /// E: secrecy alone, which TLS does not offer.
    Confidential,
    /// P: TLS.
    Private,
}

/// HOST's argument (RFC 7151 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostName {
    /// A domain name: labels of letters, digits and hyphens, at most 253 bytes in all.
    Domain(Box<str>),
    /// An address: that of the server itself, where it is right.
    Address(IpAddr),
}

const MECHANISMS: &[(&str, Mechanism)] =
    &[("TLS", Mechanism::Tls), ("TLS-C", Mechanism::TlsC), ("TLS-P", Mechanism::TlsP), ("SSL", Mechanism::Ssl)];

const LEVELS: &[(&str, ProtectionLevel)] = &[
    ("C", ProtectionLevel::Clear),
    ("S", ProtectionLevel::Safe),
    ("E", ProtectionLevel::Confidential),
    ("P", ProtectionLevel::Private),
];

const SWITCHES: &[(&str, Switch)] = &[("ON", Switch::On), ("OFF", Switch::Off)];

/// Parses the argument of one of these verbs, which holds no control byte.
pub(super) fn security(verb: Verb, argument: &[u8]) -> Result<Command, CommandError> {
    let unknown = CommandError::NotImplementedFor(verb);
    let malformed = CommandError::BadArgument(verb);
    let command = match verb {
        Verb::Auth => keyword(MECHANISMS, argument).map(SecurityCommand::Auth).ok_or(unknown)?,
        Verb::Prot => keyword(LEVELS, argument).map(SecurityCommand::Prot).ok_or(unknown)?,
        Verb::Pbsz => whole(nom::character::complete::u32, argument).map(SecurityCommand::Pbsz).ok_or(malformed)?,
        Verb::Sscn => keyword(SWITCHES, argument).map(SecurityCommand::Sscn).ok_or(malformed)?,
        Verb::Host => host_name(argument).map(SecurityCommand::Host).ok_or(malformed)?,
        _ => SecurityCommand::Wrapped(verb, argument.into()),
    };
    Ok(Command::Security(command))
}

fn host_name(argument: &[u8]) -> Option<HostName> {
    let text = str::from_utf8(argument).ok()?;
    if let Some(bracketed) = text.strip_prefix('[') {
        let address: Ipv6Addr = bracketed.strip_suffix(']')?.parse().ok()?;
        return Some(HostName::Address(address.into()));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(HostName::Address(address.into()));
    }
    let legal = text.len() <= LONGEST_NAME && text.split('.').all(is_label);
    legal.then(|| HostName::Domain(text.into()))
}

fn is_label(label: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Bytes of a domain name as it is written (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

impl SecurityCommand {
    /// The verb it belongs to.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Auth(_) => Verb::Auth,
            Self::Pbsz(_) => Verb::Pbsz,
            Self::Prot(_) => Verb::Prot,
            Self::Wrapped(verb, _) => *verb,
            Self::Sscn(_) => Verb::Sscn,
            Self::Host(_) => Verb::Host,
        }
    }

    /// Writes the argument.
    pub(super) fn write_argument(&self, out: &mut Vec<u8>) {
        match self {
            Self::Auth(mechanism) => out.extend_from_slice(name_of(MECHANISMS, *mechanism)),
            Self::Pbsz(size) => write_decimal(out, u64::from(*size)),
            Self::Prot(level) => out.extend_from_slice(name_of(LEVELS, *level)),
            Self::Wrapped(_, data) => out.extend_from_slice(data),
            Self::Sscn(switch) => out.extend_from_slice(name_of(SWITCHES, *switch)),
            Self::Host(HostName::Domain(name)) => out.extend_from_slice(name.as_bytes()),
            Self::Host(HostName::Address(IpAddr::V4(address))) => {
                out.extend_from_slice(alloc::format!("{address}").as_bytes());
            }
            Self::Host(HostName::Address(IpAddr::V6(address))) => {
                out.extend_from_slice(alloc::format!("[{address}]").as_bytes());
            }
        }
    }
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: T) -> &'static [u8] {
    table.iter().find(|(_, known)| *known == value).map_or(b"", |(name, _)| name.as_bytes())
}
