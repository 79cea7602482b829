//! Serde for types whose values are not all legal: what is read is checked, as their constructors would.

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::path::VirtualPath;
use crate::storage::{HashAlgorithm, HashAlgorithms, Permissions};
use crate::time::UnixTime;
use crate::verb::{TABLE, Verb, VerbSet};

impl Serialize for VirtualPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

/// Only a path as it was written: absolute and normalised.
impl<'de> Deserialize<'de> for VirtualPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Vec<u8> = crate::byte_strings::deserialize(deserializer)?;
        let path = Self::root().resolve(&bytes, usize::MAX).map_err(D::Error::custom)?;
        if path.as_bytes() == bytes {
            Ok(path)
        } else {
            Err(D::Error::custom("the path is not absolute and normalised"))
        }
    }
}

/// Its fields, unchecked.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "UnixTime")]
struct Moment {
    secs: i64,
    nanos: u32,
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Moment { secs: self.secs, nanos: self.nanos }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Moment { secs, nanos } = Moment::deserialize(deserializer)?;
        if nanos < 1_000_000_000 {
            Ok(Self { secs, nanos })
        } else {
            Err(D::Error::custom("nanoseconds past a second"))
        }
    }
}

/// The names of its verbs.
impl Serialize for VerbSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(TABLE.iter().filter(|row| self.contains(row.verb)).map(|row| row.name))
    }
}

impl<'de> Deserialize<'de> for VerbSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, |name| Verb::from_word(name.as_bytes()))
    }
}

/// The names of its algorithms.
impl Serialize for HashAlgorithms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(HashAlgorithm::name))
    }
}

impl<'de> Deserialize<'de> for HashAlgorithms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let algorithms: Vec<HashAlgorithm> = named(deserializer, |name| HashAlgorithm::from_name(name.as_bytes()))?;
        Ok(algorithms.into_iter().map(Self::of).fold(Self::NONE, |all, one| all | one))
    }
}

/// The names that `Debug` shows too.
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let held: Vec<Self> = named(deserializer, Self::from_name)?;
        Ok(held.into_iter().fold(Self::NONE, |all, one| all | one))
    }
}

/// A list of names, each of which stands for something.
fn named<'de, D: Deserializer<'de>, T, C: FromIterator<T>>(
    deserializer: D,
    find: impl Fn(&str) -> Option<T>,
) -> Result<C, D::Error> {
    let unknown = |name: &String| D::Error::custom(alloc::format!("unknown name {name:?}"));
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| find(name).ok_or_else(|| unknown(name))).collect()
}

#[cfg(all(test, feature = "trace"))]
mod tests {
    use alloc::string::ToString;
    use core::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::config::Config;
    use crate::outcome::{Received, Secured};
    use crate::storage::{Entry, Metadata};

    /// Written and read again; gives the text.
    fn there_and_back<T: Serialize + DeserializeOwned + Debug>(value: &T) -> String {
        let text = ron::to_string(value).expect("it is written");
        let back: T = ron::from_str(&text).expect("it is read");
        assert_eq!(alloc::format!("{back:?}"), alloc::format!("{value:?}"));
        text
    }

    #[test]
    fn values_come_back() {
        assert_eq!(there_and_back(&VirtualPath::parse(b"/a \xFF").unwrap()), r#"b"/a \xff""#);
        assert_eq!(there_and_back(&UnixTime { secs: -1, nanos: 999_999_999 }), "(secs:-1,nanos:999999999)");
        assert_eq!(there_and_back(&(VerbSet::of(Verb::Site) | VerbSet::of(Verb::User))), r#"["USER","SITE"]"#);
        assert_eq!(there_and_back(&HashAlgorithms::of(HashAlgorithm::Sha1)), r#"["SHA-1"]"#);
        assert_eq!(there_and_back(&(Permissions::ADMIN | Permissions::LIST)), r#"["list","admin"]"#);
        assert_eq!(there_and_back(&Permissions::NONE), "[]");
        there_and_back(&Config::default());
        let metadata = Metadata { target: Some(b"\0\"x"[..].into()), ..Metadata::file(5, UnixTime::from_secs(6)) };
        assert!(there_and_back(&Entry { name: b"n"[..].into(), metadata }).contains(r#"Some(b"\x00\"x")"#));
        there_and_back(&Received { bytes: b"x".to_vec().into(), end: None });
        there_and_back(&Secured { alpn: Some(b"ftp"[..].into()), ..Secured::default() });
    }

    /// What no constructor would make is not read either.
    #[test]
    fn values_that_cannot_be_are_refused() {
        for path in ["a", "", "/a/", "/a/../b", "//", "/a\\x00", "/a\\n"] {
            let text = alloc::format!("b\"{path}\"");
            assert!(ron::from_str::<VirtualPath>(&text).is_err(), "{path}");
        }
        assert!(ron::from_str::<UnixTime>("(secs:0,nanos:1000000000)").is_err());
        let refused = ron::from_str::<Permissions>(r#"["list","everything"]"#).unwrap_err();
        assert!(refused.to_string().contains("everything"));
        assert!(ron::from_str::<VerbSet>(r#"["XYZ"]"#).is_err());
        assert!(ron::from_str::<HashAlgorithms>(r#"["MD4"]"#).is_err());
    }

    /// An older configuration has fewer fields; a misspelled one is not passed over.
    #[test]
    fn what_a_configuration_leaves_out_has_its_default() {
        let config: Config = ron::from_str("(limits:(line:7),active_mode:Off)").unwrap();
        assert_eq!((config.limits.line, config.limits.path), (7, Config::default().limits.path));
        assert!(ron::from_str::<Config>("(limits:(lines:7))").is_err());
    }
}
