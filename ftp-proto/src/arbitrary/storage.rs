//! What a storage tells, accounts, times and paths.

use alloc::sync::Arc;
use alloc::vec::Vec;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::pieces::{bytes, name, number, one_of, several, text};
use crate::path::VirtualPath;
use crate::secret::Secret;
use crate::storage::{
    Account, Entry, FileKind, FinishHow, HashAlgorithm, HashAlgorithms, Metadata, Permissions, Replace, Wanted,
};
use crate::time::{Duration, Instant, UnixTime};

one_of!(FileKind { File, Directory, Symlink, Other });
one_of!(Wanted { Names, Everything });
one_of!(HashAlgorithm { Crc32, Md5, Sha1, Sha256, Sha512, Blake3 });
one_of!(Replace { Allowed, Refused });
one_of!(FinishHow { Commit, Keep, Discard });

/// Never longer than 4,096 bytes.
impl<'a> Arbitrary<'a> for VirtualPath {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let names: Vec<Vec<u8>> = several(4, u, name)?;
        Ok(Self::parse(&names.join(&b'/')).unwrap_or_else(|_| Self::root()))
    }
}

impl<'a> Arbitrary<'a> for Secret {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        bytes(u).map(|bytes| Self::new(&bytes))
    }
}

impl<'a> Arbitrary<'a> for UnixTime {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let secs = match u.int_in_range(0..=3)? {
            0 => *u.choose(&[i64::MIN, -1, 0, 253_402_300_799, 253_402_300_800, i64::MAX])?,
            1 => u.arbitrary()?,
            _ => i64::from(u.arbitrary::<u32>()?),
        };
        Ok(Self { secs, nanos: u.int_in_range(0..=999_999_999)? })
    }
}

impl<'a> Arbitrary<'a> for Instant {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        number(u).map(Self)
    }
}

impl<'a> Arbitrary<'a> for Metadata {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut this = Self::file(number(u)?, u.arbitrary()?);
        this.kind = u.arbitrary()?;
        this.mode = u.int_in_range(0..=0o7777)?;
        this.target = if this.kind == FileKind::Symlink { Some(bytes(u)?.into()) } else { None };
        // What few listings show comes last, for the bytes that are left.
        if u.ratio(1, 2)? {
            this.created = u.arbitrary()?;
            (this.uid, this.gid) = u.arbitrary()?;
            this.owner = if u.arbitrary()? { Some(text(u)?.into()) } else { None };
            this.group = if u.arbitrary()? { Some(text(u)?.into()) } else { None };
            this.links = number(u)?;
            this.unique = u.arbitrary()?;
        }
        Ok(this)
    }
}

impl<'a> Arbitrary<'a> for Entry {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { name: name(u)?.into(), metadata: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for HashAlgorithms {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let chosen = several(3, u, HashAlgorithm::arbitrary)?;
        Ok(if chosen.is_empty() { Self::ALL } else { chosen.into_iter().map(Self::of).fold(Self::NONE, |a, b| a | b) })
    }
}

impl<'a> Arbitrary<'a> for Permissions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        const EACH: [Permissions; 13] = [
            Permissions::LIST,
            Permissions::READ,
            Permissions::CREATE,
            Permissions::OVERWRITE,
            Permissions::APPEND,
            Permissions::DELETE,
            Permissions::RENAME,
            Permissions::MAKE_DIR,
            Permissions::REMOVE_DIR,
            Permissions::ATTRIBUTES,
            Permissions::SYMLINK,
            Permissions::OWNER,
            Permissions::ADMIN,
        ];
        let all = Self::READ_WRITE | Self::ADMIN;
        let missing = several(2, u, |u| u.choose(&EACH).copied())?;
        Ok(missing.into_iter().fold(all, Self::without))
    }
}

impl<'a> Arbitrary<'a> for Account {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut this = Self::new("alice", u.arbitrary()?);
        if u.ratio(1, 4)? {
            this.name = text(u)?.into();
            this.home = u.arbitrary()?;
            this.welcome = several(3, u, |u| text(u).map(Arc::from))?;
            this.idle_timeout = u.arbitrary::<Option<u16>>()?.map(|secs| Duration::from_secs(secs.into()));
        }
        Ok(this)
    }
}
