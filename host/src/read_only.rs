//! A storage that can be looked at and not changed, whatever the account's permissions say.

use ftp_proto::action::Times;
use ftp_proto::outcome::{Digest, Prepared, Quota, Space, TreeSize};
use ftp_proto::storage::{HashAlgorithm, Metadata, Replace, Wanted};
use ftp_proto::{Failure, VirtualPath};

use crate::storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};

/// Lets reading through to the storage within, and refuses every change as [`Failure::PermissionDenied`].
#[derive(Clone, Copy, Debug)]
pub struct ReadOnly<S>(pub S);

impl<S: Storage> Storage for ReadOnly<S> {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.0.stat(path)
    }

    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        self.0.stat_now(path)
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        self.0.open_dir(path, wanted)
    }

    fn open_dir_now(&self, path: &VirtualPath, wanted: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        self.0.open_dir_now(path, wanted)
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        self.0.open_read(path)
    }

    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        self.0.open_read_now(path)
    }

    fn open_write(&self, _: &VirtualPath, _: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        Err(Failure::PermissionDenied)
    }

    fn open_write_now(&self, _: &VirtualPath, _: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        Some(Err(Failure::PermissionDenied))
    }

    fn remove(&self, _: &VirtualPath) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn remove_dir(&self, _: &VirtualPath) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn make_dir(&self, _: &VirtualPath, _: u32) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn rename(&self, _: &VirtualPath, _: &VirtualPath, _: Replace) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn set_times(&self, _: &VirtualPath, _: Times) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn set_mode(&self, _: &VirtualPath, _: u32) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn symlink(&self, _: &VirtualPath, _: &VirtualPath) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn copy(&self, _: &VirtualPath, _: &VirtualPath, _: Replace, _: &Cancel) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn make_dirs(&self, _: &VirtualPath, _: u32) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn remove_tree(&self, _: &VirtualPath, _: &Cancel) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn combine(&self, _: &VirtualPath, _: &[VirtualPath], _: &Cancel) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn set_owner(&self, _: &VirtualPath, _: Option<&str>, _: Option<&str>) -> Result<(), Failure> {
        Err(Failure::PermissionDenied)
    }

    fn prepare(&self, path: &VirtualPath, upload: bool) -> Result<Prepared, Failure> {
        if upload { Err(Failure::PermissionDenied) } else { self.0.prepare(path, upload) }
    }

    fn hash(
        &self,
        path: &VirtualPath,
        algorithm: HashAlgorithm,
        range: (u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<Digest, Failure> {
        self.0.hash(path, algorithm, range, cancel)
    }

    fn tree_size(&self, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
        self.0.tree_size(path, cancel)
    }

    fn quota(&self) -> Result<Quota, Failure> {
        self.0.quota()
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        self.0.space(path)
    }
}
