//! Byte strings for serde: as bytes, which a text format can show as `b"..."`, and not as lists of numbers.
//!
//! For fields of the types that engine and host share bytes by: `Arc<[u8]>`, `Box<[u8]>`, `Bytes`.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Serializer;

pub(crate) fn serialize<T: AsRef<[u8]>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(value.as_ref())
}

pub(crate) fn deserialize<'de, T: From<Vec<u8>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_byte_buf(Take(PhantomData))
}

/// Takes bytes in any form in which a format may give them.
struct Take<T>(PhantomData<T>);

impl<'de, T: From<Vec<u8>>> Visitor<'de> for Take<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        Ok(bytes.to_vec().into())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<T, E> {
        Ok(bytes.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(text.as_bytes().to_vec().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }
}

/// The same for bytes that may be missing.
pub(crate) mod optional {
    use alloc::vec::Vec;

    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    struct Shown<'a>(&'a [u8]);

    impl Serialize for Shown<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    struct Taken(Vec<u8>);

    impl<'de> Deserialize<'de> for Taken {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::deserialize(deserializer).map(Self)
        }
    }

    pub(crate) fn serialize<T: AsRef<[u8]>, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(|value| Shown(value.as_ref())).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: From<Vec<u8>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Ok(Option::<Taken>::deserialize(deserializer)?.map(|taken| taken.0.into()))
    }
}
