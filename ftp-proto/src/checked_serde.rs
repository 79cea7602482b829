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
