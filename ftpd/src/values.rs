//! The values that options take: each parsed once, from the command line or the file, and then known to be good.

mod names;
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::ValueEnum;
use ftp_proto::Secret;
use ftp_proto::config::Switch;
use ftp_proto::storage::Permissions;
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use tracing_subscriber::filter::LevelFilter;

pub(crate) use names::{FxpNetwork, HostName};
pub(crate) use tls::{ClientCertificate, TlsMode, TlsVersion};

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Look and fetch.
    ReadOnly,
    /// Everything.
    ReadWrite,
    /// Bring new files, see nothing.
    Drop,
    /// Everything, and see who else is on.
    Admin,
}

impl Access {
    /// The access that `word` names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "ro" => Some(Self::ReadOnly),
            "rw" => Some(Self::ReadWrite),
            "drop" => Some(Self::Drop),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// What the engine calls it.
    pub(crate) fn permissions(self) -> Permissions {
        match self {
            Self::ReadOnly => Permissions::READ_ONLY,
            Self::ReadWrite => Permissions::READ_WRITE,
            Self::Drop => Permissions::DROP,
            Self::Admin => Permissions::READ_WRITE | Permissions::ADMIN,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "read only",
            Self::ReadWrite => "read and write",
            Self::Drop => "drop box",
            Self::Admin => "read and write, and see who is on",
        })
    }
}

/// A user given in the open.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct User {
    /// The name.
    pub(crate) name: String,
    /// The password.
    pub(crate) password: Secret,
    /// What the user may do.
    pub(crate) access: Access,
}

impl FromStr for User {
    type Err = String;

    /// Errors never quote the text: it may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, rest)) = text.split_once(':') else {
            return Err("a user is written NAME:PASSWORD or NAME:PASSWORD:ro|rw|drop|admin".into());
        };
        let last = rest.rsplit_once(':').and_then(|(password, word)| Some((password, Access::from_word(word)?)));
        let (password, access) = last.unwrap_or((rest, Access::ReadWrite));
        if name.is_empty() || password.is_empty() {
            return Err("a user needs a name and a password".into());
        }
        Ok(Self { name: name.into(), password: Secret::new(password.as_bytes()), access })
    }
}

/// What may be done without a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Anonymous {
    /// Look and fetch.
    Ro,
    /// Everything.
    Rw,
    /// Bring new files, see nothing.
    Drop,
    /// Nothing: there is no such login.
    Off,
}

impl Anonymous {
    /// The access, if there is such a login.
    pub(crate) fn access(self) -> Option<Access> {
        match self {
            Self::Ro => Some(Access::ReadOnly),
            Self::Rw => Some(Access::ReadWrite),
            Self::Drop => Some(Access::Drop),
            Self::Off => None,
        }
    }
}

/// On or off; in the file, `true` and `false` do as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Toggle {
    /// On.
    On,
    /// Off.
    Off,
}

impl<'de> Deserialize<'de> for Toggle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnOff;

        impl Visitor<'_> for OnOff {
            type Value = Toggle;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"on\" or \"off\"")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Toggle, E> {
                Ok(if on { Toggle::On } else { Toggle::Off })
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Toggle, E> {
                match word {
                    "on" => Ok(Toggle::On),
                    "off" => Ok(Toggle::Off),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
        }

        deserializer.deserialize_any(OnOff)
    }
}

impl From<Toggle> for Switch {
    fn from(toggle: Toggle) -> Self {
        match toggle {
            Toggle::On => Self::On,
            Toggle::Off => Self::Off,
        }
    }
}

/// An address to listen on, with its port.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port are written like 127.0.0.1:2121 or [::1]:2121".into())
}

/// A range of ports, both ends in it, none of them 0.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PortRange(pub(crate) RangeInclusive<u16>);

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Self(first..=last)),
            _ => Err(format!("{text:?} is no range of ports; write it like 50000-50100")),
        }
    }
}

/// How much to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// What the server runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuntimeName {
    /// Tasks of tokio's.
    Tokio,
    /// Event loops, one for each core.
    Mio,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

macro_rules! from_string {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}

// serde reads these by their `FromStr`.
from_string! { User PortRange FxpNetwork HostName }

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> (String, Vec<u8>, Access) {
        let user: User = text.parse().unwrap();
        (user.name, user.password.expose().to_vec(), user.access)
    }

    #[test]
    fn the_last_field_of_a_user_is_an_access_only_when_it_is_one_of_the_words() {
        assert_eq!(user("a:b"), ("a".into(), b"b".to_vec(), Access::ReadWrite));
        assert_eq!(user("a:b:ro"), ("a".into(), b"b".to_vec(), Access::ReadOnly));
        assert_eq!(user("a:b:c"), ("a".into(), b"b:c".to_vec(), Access::ReadWrite));
        assert_eq!(user("a:b:c:drop"), ("a".into(), b"b:c".to_vec(), Access::Drop));
        assert_eq!(user("a:b:admin"), ("a".into(), b"b".to_vec(), Access::Admin));
        assert_eq!(user("a:ro"), ("a".into(), b"ro".to_vec(), Access::ReadWrite));
        assert_eq!(user("a:b:"), ("a".into(), b"b:".to_vec(), Access::ReadWrite));
    }

    #[test]
    fn a_bad_user_is_refused_without_its_password() {
        for bad in ["hunter2", ":hunter2", "alice:", "alice::ro"] {
            let error = bad.parse::<User>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn ports_are_a_range_that_goes_up() {
        assert_eq!("50000-50100".parse(), Ok(PortRange(50000..=50100)));
        assert_eq!("50000".parse(), Ok(PortRange(50000..=50000)));
        for bad in ["", "-", "0-5", "5-4", "1-70000", "a-b", "1-2-3"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }
}
