//! What a storage tells of a file, and what an account may do: the words that engine and host share.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::BitOr;

use bytes::Bytes;

use crate::path::VirtualPath;
use crate::time::{Duration, UnixTime};

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, when it was not followed.
    Symlink,
    /// A device, socket or pipe: listed, never opened.
    Other,
}

/// What the storage knows of one file or directory. Times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Its size in bytes; of no meaning for a directory.
    pub size: u64,
    /// When its content last changed.
    pub modified: UnixTime,
    /// When it was made, where the storage knows.
    pub created: Option<UnixTime>,
    /// The permission bits of its Unix mode (the low twelve).
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The owner's name, where it is known.
    pub owner: Option<Arc<str>>,
    /// The group's name, where it is known.
    pub group: Option<Arc<str>>,
    /// How many hard links it has.
    pub links: u64,
    /// The same for two names exactly when they are the same file (RFC 3659 §7.5.2); device and inode on Unix.
    pub unique: Option<(u64, u64)>,
    /// Where a symbolic link points, verbatim.
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings::optional"))]
    pub target: Option<Arc<[u8]>>,
}

impl Metadata {
    /// A file of `size` bytes, changed at `modified`; mode 644, owner 0, everything else unknown.
    #[must_use]
    pub const fn file(size: u64, modified: UnixTime) -> Self {
        Self {
            kind: FileKind::File,
            size,
            modified,
            created: None,
            mode: 0o644,
            uid: 0,
            gid: 0,
            owner: None,
            group: None,
            links: 1,
            unique: None,
            target: None,
        }
    }

    /// A directory, changed at `modified`; mode 755, owner 0, everything else unknown.
    #[must_use]
    pub const fn directory(modified: UnixTime) -> Self {
        let mut this = Self::file(0, modified);
        this.kind = FileKind::Directory;
        this.mode = 0o755;
        this
    }

    /// Whether this is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }
}

/// One name in a directory. Never `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// The name, verbatim: any bytes but NUL and slash. May be a part of an allocation that holds many names.
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings"))]
    pub name: Bytes,
    /// What it is. With [`Wanted::Names`] only `kind` need be true.
    pub metadata: Metadata,
}

/// How much a listing needs to know of each entry, so that bare names cost no `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Wanted {
    /// Names and kinds.
    Names,
    /// Everything in [`Metadata`]; symbolic links are not followed.
    Everything,
}

/// How a digest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// CRC-32 (IEEE 802.3).
    Crc32,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// BLAKE3, 32 bytes.
    Blake3,
}

impl HashAlgorithm {
    /// All of them, in the order in which FEAT lists them.
    pub const ALL: [Self; 6] = [Self::Crc32, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512, Self::Blake3];

    /// Its name in HASH, OPTS HASH and FEAT (draft-bryan-ftpext-hash).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Blake3 => "BLAKE3",
        }
    }

    /// The algorithm of this name, in any case of letters.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// A set of algorithms: combine with `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashAlgorithms(u8);

impl HashAlgorithms {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << HashAlgorithm::ALL.len()) - 1);

    /// Only `algorithm`.
    #[must_use]
    pub const fn of(algorithm: HashAlgorithm) -> Self {
        Self(1 << algorithm as u8)
    }

    /// Whether `algorithm` is in it.
    #[must_use]
    pub const fn contains(self, algorithm: HashAlgorithm) -> bool {
        self.0 & Self::of(algorithm).0 != 0
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those in it, in the order of [`HashAlgorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = HashAlgorithm> {
        HashAlgorithm::ALL.into_iter().filter(move |algorithm| self.contains(*algorithm))
    }
}

impl BitOr for HashAlgorithms {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How an upload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum WriteMode {
    /// A whole new file that takes its name when it is committed (STOR). The file that had the name stays whole
    /// until then.
    Create(Replace),
    /// From `offset` on, in the file that is there, keeping the rest (REST and STOR).
    At(u64),
    /// At the end of the file that is there, or in a new one (APPE).
    Append,
}

/// Whether a file that already has the name may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Replace {
    /// It may.
    Allowed,
    /// It may not: [`Failure::Exists`](crate::Failure::Exists).
    Refused,
}

/// How an upload ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FinishHow {
    /// All of it arrived: make it the file. Its failure is the client's reply.
    Commit,
    /// Part of it arrived: keep that under the file's name for a later resume, if no file has that name.
    Keep,
    /// Forget it: what was there before is there still.
    Discard,
}

/// What an account may do. A set: combine with `|`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u16);

impl Permissions {
    /// Nothing at all.
    pub const NONE: Self = Self(0);
    /// See names and facts: LIST, NLST, MLSD, MLST, SIZE, MDTM, STAT of a path, DSIZ, AVBL.
    pub const LIST: Self = Self(1);
    /// RETR, HASH and its kin, the source of a copy.
    pub const READ: Self = Self(1 << 1);
    /// STOR and STOU of a new name.
    pub const CREATE: Self = Self(1 << 2);
    /// STOR over a file that exists; REST before STOR.
    pub const OVERWRITE: Self = Self(1 << 3);
    /// APPE; with `CREATE` and `DELETE` COMB.
    pub const APPEND: Self = Self(1 << 4);
    /// DELE; with others COMB and SITE RMDIR.
    pub const DELETE: Self = Self(1 << 5);
    /// RNFR and RNTO.
    pub const RENAME: Self = Self(1 << 6);
    /// MKD and SITE MKDIR.
    pub const MAKE_DIR: Self = Self(1 << 7);
    /// RMD; with `DELETE` SITE RMDIR.
    pub const REMOVE_DIR: Self = Self(1 << 8);
    /// MFMT, MFCT, MFF, SITE UTIME and SITE CHMOD.
    pub const ATTRIBUTES: Self = Self(1 << 9);
    /// SITE SYMLINK.
    pub const SYMLINK: Self = Self(1 << 10);
    /// SITE CHOWN and SITE CHGRP.
    pub const OWNER: Self = Self(1 << 11);
    /// SITE WHO: see who else is on. Not part of [`READ_WRITE`](Self::READ_WRITE).
    pub const ADMIN: Self = Self(1 << 12);

    /// Look and fetch.
    pub const READ_ONLY: Self = Self(Self::LIST.0 | Self::READ.0);
    /// Everything that concerns files.
    pub const READ_WRITE: Self = Self((1 << 12) - 1);
    /// A drop box: new files come in; nothing is seen, fetched, replaced or removed.
    pub const DROP: Self = Self(Self::CREATE.0);

    /// Whether all of `other` is allowed.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in this set or in `other`: `|`, for constants.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Permissions {
    /// Those held, by name.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        PERMISSION_NAMES.iter().filter(move |(_, bit)| self.contains(*bit)).map(|(name, _)| *name)
    }

    /// The one of this name.
    #[cfg(feature = "serde")]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        PERMISSION_NAMES.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

const PERMISSION_NAMES: [(&str, Permissions); 13] = [
    ("list", Permissions::LIST),
    ("read", Permissions::READ),
    ("create", Permissions::CREATE),
    ("overwrite", Permissions::OVERWRITE),
    ("append", Permissions::APPEND),
    ("delete", Permissions::DELETE),
    ("rename", Permissions::RENAME),
    ("make-dir", Permissions::MAKE_DIR),
    ("remove-dir", Permissions::REMOVE_DIR),
    ("attributes", Permissions::ATTRIBUTES),
    ("symlink", Permissions::SYMLINK),
    ("owner", Permissions::OWNER),
    ("admin", Permissions::ADMIN),
];

/// Who logged in: what the host answers to `Authenticate`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Account {
    /// The name, as logs should show it.
    pub name: Arc<str>,
    /// The working directory after login. The account sees the whole storage it is given, from `/`.
    pub home: VirtualPath,
    /// What it may do.
    pub permissions: Permissions,
    /// Lines for the 230 reply, before its last one. Control bytes are shown as `?`.
    pub welcome: Vec<Arc<str>>,
    /// Overrides the server's idle timeout.
    pub idle_timeout: Option<Duration>,
}

impl Account {
    /// An account that begins at `/`.
    #[must_use]
    pub fn new(name: &str, permissions: Permissions) -> Self {
        Self { name: name.into(), home: VirtualPath::root(), permissions, welcome: Vec::new(), idle_timeout: None }
    }
}
