//! Digests of ranges of files.

use ftp_proto::Failure;
use ftp_proto::outcome::Digest;
use ftp_proto::storage::HashAlgorithm;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest as _;
use sha2::{Sha256, Sha512};

use crate::storage::{Cancel, ReadFile};

/// The digest of a range of `file`: from its first byte up to its second, or to the end.
pub(crate) fn digest(
    file: &dyn ReadFile,
    algorithm: HashAlgorithm,
    (from, to): (u64, Option<u64>),
    cancel: &Cancel,
) -> Result<Digest, Failure> {
    let size = file.size();
    let end = to.unwrap_or(size);
    if from > end || end > size {
        return Err(Failure::BadOffset);
    }
    let mut hasher = Hasher::new(algorithm)?;
    let mut at = from;
    while at < end {
        cancel.check()?;
        let wanted = usize::try_from(end - at).map_or(STEP, |left| left.min(STEP));
        let bytes = file.read_at(at, wanted)?;
        if bytes.is_empty() {
            // It was cut short meanwhile.
            return if to.is_none() { Ok(hasher.finish(at)) } else { Err(Failure::BadOffset) };
        }
        hasher.update(&bytes);
        at += bytes.len() as u64;
    }
    Ok(hasher.finish(end))
}

/// One of the algorithms, under way.
enum Hasher {
    Crc32(crc32fast::Hasher),
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    fn new(algorithm: HashAlgorithm) -> Result<Self, Failure> {
        Ok(match algorithm {
            HashAlgorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            HashAlgorithm::Md5 => Self::Md5(Md5::new()),
            HashAlgorithm::Sha1 => Self::Sha1(Sha1::new()),
            HashAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
            HashAlgorithm::Sha512 => Self::Sha512(Sha512::new()),
            HashAlgorithm::Blake3 => Self::Blake3(Box::new(blake3::Hasher::new())),
            _ => return Err(Failure::Unsupported),
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(hasher) => hasher.update(bytes),
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    fn finish(self, to: u64) -> Digest {
        let bytes = match self {
            Self::Crc32(hasher) => hasher.finalize().to_be_bytes().as_slice().into(),
            Self::Md5(hasher) => hasher.finalize().as_slice().into(),
            Self::Sha1(hasher) => hasher.finalize().as_slice().into(),
            Self::Sha256(hasher) => hasher.finalize().as_slice().into(),
            Self::Sha512(hasher) => hasher.finalize().as_slice().into(),
            Self::Blake3(hasher) => hasher.finalize().as_slice().into(),
        };
        Digest { bytes, to }
    }
}

/// How much is read between two looks at whether to end.
const STEP: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;

    use super::*;

    /// A file of so many equal bytes, which asks to end once it was read so far.
    struct Even {
        size: u64,
        stop_at: u64,
        cancel: Cancel,
        reached: AtomicU64,
    }

    impl Even {
        fn new(size: u64) -> Self {
            Self { size, stop_at: u64::MAX, cancel: Cancel::new(), reached: AtomicU64::new(0) }
        }
    }

    impl ReadFile for Even {
        fn size(&self) -> u64 {
            self.size
        }

        fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
            assert!(max <= STEP && at + max as u64 <= self.size);
            self.reached.fetch_max(at + max as u64, Ordering::Relaxed);
            if at >= self.stop_at {
                self.cancel.cancel();
            }
            Ok(vec![b'a'; max].into())
        }
    }

    fn hex(digest: &Digest) -> String {
        digest.bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A million times `a`: the third example of RFC 1321's successors (FIPS 180), and what `cksum -a` says.
    #[test]
    fn known_answers() {
        let file = Even::new(1_000_000);
        for (algorithm, expected) in [
            (HashAlgorithm::Crc32, "dc25bfbc"),
            (HashAlgorithm::Md5, "7707d6ae4e027c70eea2a935c2296f21"),
            (HashAlgorithm::Sha1, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
            (HashAlgorithm::Sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
            (
                HashAlgorithm::Sha512,
                "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb\
                 de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
            ),
        ] {
            let made = digest(&file, algorithm, (0, None), &Cancel::new()).expect("a digest");
            assert_eq!((hex(&made), made.to), (expected.to_owned(), 1_000_000), "{}", algorithm.name());
        }
    }

    /// Of nothing: what every description of an algorithm tells.
    #[test]
    fn known_answers_of_nothing() {
        for (algorithm, expected) in [
            (HashAlgorithm::Crc32, "00000000"),
            (HashAlgorithm::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
            (HashAlgorithm::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (HashAlgorithm::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                HashAlgorithm::Sha512,
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                 47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ),
            (HashAlgorithm::Blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        ] {
            let made = digest(&Even::new(0), algorithm, (0, None), &Cancel::new()).expect("a digest");
            assert_eq!(hex(&made), expected, "{}", algorithm.name());
        }
    }

    #[test]
    fn a_range_counts_as_a_file_of_its_own() {
        for algorithm in HashAlgorithm::ALL {
            let part = digest(&Even::new(900_000), algorithm, (100, Some(700_100)), &Cancel::new()).expect("a digest");
            let whole = digest(&Even::new(700_000), algorithm, (0, None), &Cancel::new()).expect("a digest");
            assert_eq!((&part.bytes, part.to), (&whole.bytes, 700_100));
            let rest = digest(&Even::new(900_000), algorithm, (200_000, None), &Cancel::new()).expect("a digest");
            assert_eq!((&rest.bytes, rest.to), (&whole.bytes, 900_000));
        }
        for range in [(0, Some(11)), (11, None), (5, Some(4)), (11, Some(11)), (0, Some(u64::MAX))] {
            let refused = digest(&Even::new(10), HashAlgorithm::Crc32, range, &Cancel::new());
            assert_eq!(refused, Err(Failure::BadOffset), "{range:?}");
        }
        assert!(digest(&Even::new(10), HashAlgorithm::Crc32, (10, None), &Cancel::new()).is_ok());
    }

    #[test]
    fn it_ends_in_the_middle_when_asked_to() {
        let file = Even { stop_at: 2 << 20, ..Even::new(1 << 40) };
        assert_eq!(digest(&file, HashAlgorithm::Md5, (0, None), &file.cancel), Err(Failure::Cancelled));
        let reached = file.reached.load(Ordering::Relaxed);
        assert!(reached < 3 << 20, "{reached} bytes were read");
    }

    #[test]
    fn a_file_that_shrinks_ends_earlier() {
        struct Shrunk;
        impl ReadFile for Shrunk {
            fn size(&self) -> u64 {
                10
            }

            fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
                Ok(Bytes::from_static(b"content").slice(at.min(7) as usize..(at as usize + max).min(7)))
            }
        }
        let made = digest(&Shrunk, HashAlgorithm::Crc32, (0, None), &Cancel::new()).expect("a digest");
        assert_eq!(made.to, 7);
        assert_eq!(digest(&Shrunk, HashAlgorithm::Crc32, (0, Some(9)), &Cancel::new()), Err(Failure::BadOffset));
    }
}
