//! One storage at its place, and a name within it.

use std::sync::Arc;

use ftp_proto::storage::Metadata;
use ftp_proto::{Failure, VirtualPath};

use crate::storage::Storage;

/// A storage that is mounted.
pub(super) struct Point {
    pub(super) storage: Arc<dyn Storage>,
    /// Tells the storages from one another.
    pub(super) number: u64,
}

/// A name within one storage.
pub(super) struct Spot<'a> {
    point: &'a Point,
    pub(super) path: VirtualPath,
}

impl Point {
    pub(super) fn new(storage: Arc<dyn Storage>, number: u64) -> Self {
        Self { storage, number }
    }

    pub(super) fn root(&self) -> Spot<'_> {
        Spot { point: self, path: VirtualPath::root() }
    }

    /// `path` as the storage calls it that is mounted `at`, which is a part of it.
    pub(super) fn spot(&self, at: &VirtualPath, path: &VirtualPath) -> Spot<'_> {
        let below = path.components().skip(at.components().count());
        let within = below.fold(VirtualPath::root(), |within, name| within.join(name).unwrap_or(within));
        Spot { point: self, path: within }
    }
}

impl<'a> Spot<'a> {
    pub(super) fn storage(&self) -> &'a dyn Storage {
        &*self.point.storage
    }

    pub(super) const fn number(&self) -> u64 {
        self.point.number
    }

    pub(super) fn stat(&self) -> Result<Metadata, Failure> {
        self.told(self.storage().stat(&self.path))
    }

    /// The same, if that does not wait.
    pub(super) fn stat_now(&self) -> Option<Result<Metadata, Failure>> {
        self.storage().stat_now(&self.path).map(|found| self.told(found))
    }

    fn told(&self, found: Result<Metadata, Failure>) -> Result<Metadata, Failure> {
        let mut metadata = found?;
        tell_apart(&mut metadata, self.point.number);
        Ok(metadata)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.stat().is_ok_and(|metadata| metadata.is_directory())
    }

    /// Whether both are in one storage.
    pub(super) const fn is_with(&self, other: &Spot<'_>) -> bool {
        self.point.number == other.point.number
    }
}

/// Files of two storages are never the same one, also where both count from 1 (RFC 3659 §7.5.2).
pub(super) fn tell_apart(metadata: &mut Metadata, number: u64) {
    metadata.unique = metadata.unique.map(|(device, file)| (device.wrapping_add(number << 48), file));
}
