//! A storage that is first asked for what it can do without waiting, as a host does.

use ftp_host::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};
use ftp_proto::action::Times;
use ftp_proto::outcome::{Digest, Prepared, Quota, Space, TreeSize};
use ftp_proto::storage::{FinishHow, HashAlgorithm, Metadata, Replace, Wanted};
use ftp_proto::{Failure, VirtualPath};

/// The storage within, tried without waiting first.
pub(crate) struct Tried<S>(pub(crate) S);

/// One of its uploads.
struct TriedFile(Box<dyn WriteFile>);

impl WriteFile for TriedFile {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn file(&self) -> Option<std::sync::Arc<std::fs::File>> {
        self.0.file()
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_at(at, bytes)
    }

    fn read_at(&self, at: u64, max: usize) -> Result<bytes::Bytes, Failure> {
        self.0.read_at(at, max)
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        self.0.finish_now(how).unwrap_or_else(|| self.0.finish(how))
    }
}

impl<S: Storage> Storage for Tried<S> {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.0.stat_now(path).unwrap_or_else(|| self.0.stat(path))
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        self.0.open_dir_now(path, wanted).unwrap_or_else(|| self.0.open_dir(path, wanted))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        self.0.open_read_now(path).unwrap_or_else(|| self.0.open_read(path))
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        let opened = self.0.open_write_now(path, upload).unwrap_or_else(|| self.0.open_write(path, upload));
        opened.map(|file| Box::new(TriedFile(file)) as _)
    }

    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        self.0.remove(path)
    }

    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        self.0.remove_dir(path)
    }

    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        self.0.make_dir(path, permissions)
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        self.0.rename(from, to, replace)
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        self.0.set_times(path, times)
    }

    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        self.0.set_mode(path, mode)
    }

    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        self.0.symlink(target, link)
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        self.0.copy(from, to, replace, cancel)
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        self.0.space(path)
    }

    fn quota(&self) -> Result<Quota, Failure> {
        self.0.quota()
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

    fn make_dirs(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        self.0.make_dirs(path, permissions)
    }

    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        self.0.remove_tree(path, cancel)
    }

    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        self.0.combine(target, parts, cancel)
    }

    fn set_owner(&self, path: &VirtualPath, owner: Option<&str>, group: Option<&str>) -> Result<(), Failure> {
        self.0.set_owner(path, owner, group)
    }

    fn prepare(&self, path: &VirtualPath, upload: bool) -> Result<Prepared, Failure> {
        self.0.prepare(path, upload)
    }
}
