//! A directory of the local disk, read in pages.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use ftp_proto::Failure;
use ftp_proto::outcome::Entries;
use ftp_proto::storage::{Entry, Metadata, Wanted};
use ftp_proto::time::UnixTime;
use rustix::fs::{AtFlags, Dir, DirEntry, FileType, statat};
use rustix::io::Errno;

use super::aside;
use super::failures::failure;
use super::metadata::{Owners, kind};
use crate::storage::Directory;

/// An open directory and how far it was read.
pub(super) struct LocalDirectory {
    fd: OwnedFd,
    dir: Dir,
    wanted: Wanted,
    owners: Arc<Owners>,
}

impl LocalDirectory {
    pub(super) fn new(fd: OwnedFd, wanted: Wanted, owners: Arc<Owners>) -> Result<Self, Failure> {
        let dir = Dir::read_from(&fd).map_err(failure)?;
        Ok(Self { fd, dir, wanted, owners })
    }

    /// `None` for what was removed since its name was read.
    fn entry(&self, found: &DirEntry) -> Result<Option<Entry>, Errno> {
        let name = found.file_name().to_bytes();
        let metadata = match self.wanted {
            Wanted::Names => self.kind_only(found),
            Wanted::Everything => match self.owners.describe(&self.fd, name) {
                // A directory may be readable and its entries not: the name is all there is to tell.
                Err(Errno::ACCESS) => self.kind_only(found),
                told => told,
            },
        };
        match metadata {
            Ok(metadata) => Ok(Some(Entry { name: name.into(), metadata })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn kind_only(&self, found: &DirEntry) -> Result<Metadata, Errno> {
        let mut file_type = found.file_type();
        if file_type == FileType::Unknown {
            // Some filesystems keep no kinds in their directories.
            let stat = statat(&self.fd, found.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
            file_type = FileType::from_raw_mode(stat.st_mode);
        }
        let mut metadata = Metadata::file(0, UnixTime::default());
        metadata.kind = kind(file_type);
        Ok(metadata)
    }
}

impl Directory for LocalDirectory {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        let mut entries = Vec::new();
        while entries.len() < max {
            let Some(found) = self.dir.read() else { return Ok(Entries { entries, last: true }) };
            let found = found.map_err(failure)?;
            let name = found.file_name().to_bytes();
            if matches!(name, b"." | b"..") || aside::is_temporary(name) {
                continue;
            }
            entries.extend(self.entry(&found).map_err(failure)?);
        }
        Ok(Entries { entries, last: false })
    }
}
