//! Names and networks: virtual hosts, and who may take part in a transfer between two servers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ftp_proto::config::Network;
use serde::Deserialize;

/// A network between whose addresses and us two servers may transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FxpNetwork(pub(crate) Network);

impl FromStr for FxpNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text:?} is no network; write it like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).ok().filter(|prefix| *prefix <= bits).ok_or_else(malformed)?;
        Ok(Self(Network { address, prefix }))
    }
}

/// The name of a virtual host, as clients ask for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct HostName(String);

impl HostName {
    /// As it is compared: in lower case, without a last dot.
    pub(crate) fn canonical(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        // A number at the end makes it an address, right or wrong (RFC 1123 §2.1).
        let is_address = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() <= 253 && name.split('.').all(is_label) && !is_address {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(format!("{text:?} is no host's name; write it like mirror.example"))
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_or_without_a_prefix() {
        let network =
            |text: &str| text.parse().map(|FxpNetwork(network)| (network.address.to_string(), network.prefix));
        assert_eq!(network("192.0.2.0/24"), Ok(("192.0.2.0".into(), 24)));
        assert_eq!(network("192.0.2.7"), Ok(("192.0.2.7".into(), 32)));
        assert_eq!(network("2001:db8::/32"), Ok(("2001:db8::".into(), 32)));
        assert_eq!(network("::1"), Ok(("::1".into(), 128)));
        for bad in ["", "/", "192.0.2.0/", "192.0.2.0/33", "::/129", "192.0.2.0/-1", "mirror.example/8", "192.0.2/24"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_have_names_and_no_addresses() {
        let host = |text: &str| text.parse::<HostName>().map(|host| host.to_string());
        assert_eq!(host("Mirror.Example."), Ok("mirror.example".into()));
        assert_eq!(host("localhost"), Ok("localhost".into()));
        for bad in ["", ".", "a..b", "192.0.2.1", "::1", "[::1]", "a b", "ftp://a", "a:21", "m\u{fc}nchen"] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert!(host(&"a".repeat(64)).is_err());
        assert!(host(&["a"; 128].join(".")).is_err());
    }
}
