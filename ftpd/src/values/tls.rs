//! What options about TLS take.

use std::fmt;

use clap::ValueEnum;
use ftp_host::tls::{ClientCertificates, Version};
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// What is asked of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TlsMode {
    /// There is none.
    Off,
    /// Clients may.
    Optional,
    /// Clients must, for logins and for files.
    Required,
}

/// Whether a client must have a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientCertificate {
    Optional,
    Required,
}

impl From<ClientCertificate> for ClientCertificates {
    fn from(demand: ClientCertificate) -> Self {
        match demand {
            ClientCertificate::Optional => Self::Optional,
            ClientCertificate::Required => Self::Required,
        }
    }
}

/// The oldest version of TLS that is spoken; in the file, a number does as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsVersion {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = TlsVersion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"1.2\" or \"1.3\"")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<TlsVersion, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<TlsVersion, E> {
                match word {
                    "1.2" => Ok(TlsVersion::Tls12),
                    "1.3" => Ok(TlsVersion::Tls13),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
        }

        deserializer.deserialize_any(Number)
    }
}

impl From<TlsVersion> for Version {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::Tls12 => Self::Tls12,
            TlsVersion::Tls13 => Self::Tls13,
        }
    }
}
