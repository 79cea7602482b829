//! A directory of the local disk, read in pages.
//!
//! ```text
//! getdents ──► names of one buffer, one allocation ──► statx of each ──► a page, whose names are parts of that allocation
//! ```
//!
//! What this costs for each entry is the kernel's part and little else: no allocation of its own, no counter that two
//! threads share.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::outcome::Entries;
use ftp_proto::storage::{Entry, Metadata, Wanted};
use ftp_proto::time::UnixTime;
use rustix::fs::{AtFlags, FileType, RawDir, statat};
use rustix::io::Errno;

use super::aside;
use super::failures::failure;
use super::metadata::{Describer, Owners, kind};
use crate::storage::Directory;

/// An open directory and how far it was read.
pub(super) struct LocalDirectory {
    fd: OwnedFd,
    wanted: Wanted,
    how: AtFlags,
    owners: Arc<Owners>,
    /// Those of the last buffer, each with a NUL behind it.
    names: Bytes,
    /// Which of them are still to be told of.
    ahead: std::vec::IntoIter<Found>,
}

/// A name that was read: where it is among the others, and what the directory says of it.
struct Found {
    at: usize,
    length: usize,
    file_type: FileType,
}

impl LocalDirectory {
    /// The directory `fd`, opened for reading and not read yet.
    pub(super) fn new(fd: OwnedFd, wanted: Wanted, owners: Arc<Owners>) -> Self {
        Self { fd, wanted, how: AtFlags::empty(), owners, names: Bytes::new(), ahead: Vec::new().into_iter() }
    }

    /// The same, read in place: what is mounted in it is not asked, since its server may be gone.
    pub(super) fn in_place(self) -> Self {
        Self { how: AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT, ..self }
    }

    /// Reads the next names; `false` when there are none.
    fn read_names(&mut self) -> Result<bool, Errno> {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut raw = RawDir::new(&self.fd, &mut buffer);
        let (mut names, mut found) = (Vec::new(), Vec::new());
        loop {
            match raw.next() {
                // One that was removed meanwhile holds nothing any more.
                None | Some(Err(Errno::NOENT)) => return Ok(false),
                Some(Err(Errno::INTR)) => continue,
                Some(Err(error)) => return Err(error),
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes_with_nul();
                    found.push(Found { at: names.len(), length: name.len() - 1, file_type: entry.file_type() });
                    names.extend_from_slice(name);
                }
            }
            if raw.is_buffer_empty() {
                self.names = names.into();
                self.ahead = found.into_iter();
                return Ok(true);
            }
        }
    }

    /// `None` for what was removed since its name was read, and for what is not to be shown.
    fn entry(&self, found: &Found, describer: &mut Describer<'_>) -> Result<Option<Entry>, Errno> {
        let name = self.names.slice(found.at..found.at + found.length);
        if matches!(&*name, b"." | b"..") || aside::is_temporary(&name) {
            return Ok(None);
        }
        let with_end = self.names.get(found.at..=found.at + found.length).unwrap_or_default();
        let c_name = CStr::from_bytes_with_nul(with_end).unwrap_or_default();
        let metadata = match self.wanted {
            Wanted::Names => self.kind_only(found, c_name),
            Wanted::Everything => match describer.describe(&self.fd, c_name) {
                // A directory may be readable and its entries not: the name is all there is to tell.
                Err(Errno::ACCESS) => self.kind_only(found, c_name),
                told => told,
            },
        };
        match metadata {
            Ok(metadata) => Ok(Some(Entry { name, metadata })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn kind_only(&self, found: &Found, name: &CStr) -> Result<Metadata, Errno> {
        let mut file_type = found.file_type;
        if file_type == FileType::Unknown {
            // Some filesystems keep no kinds in their directories.
            file_type = FileType::from_raw_mode(statat(&self.fd, name, self.how | AtFlags::SYMLINK_NOFOLLOW)?.st_mode);
        }
        let mut metadata = Metadata::file(0, UnixTime::default());
        metadata.kind = kind(file_type);
        Ok(metadata)
    }
}

impl Directory for LocalDirectory {
    /// Gives fewer than `max` where the disk is slow, so that whoever asked hears of it.
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        let owners = Arc::clone(&self.owners);
        let mut describer = owners.describer(self.how);
        let begun = Instant::now();
        let mut entries = Vec::new();
        loop {
            entries.reserve(self.ahead.len().min(max - entries.len()));
            while entries.len() < max
                && let Some(found) = self.ahead.next()
            {
                entries.extend(self.entry(&found, &mut describer).map_err(failure)?);
                if entries.len() >= CLOCK && entries.len().is_multiple_of(CLOCK) && begun.elapsed() > PATIENCE {
                    return Ok(Entries { entries, last: false });
                }
            }
            if entries.len() >= max {
                return Ok(Entries { entries, last: false });
            }
            if !self.read_names().map_err(failure)? {
                return Ok(Entries { entries, last: true });
            }
        }
    }
}

/// Bytes of names that are read at once: about a thousand names. More saves nothing that can be measured.
const BUFFER: usize = 32 * 1024;

/// After so many entries of a page the clock is looked at.
const CLOCK: usize = 32;

/// How long a page may take, in which neither ABOR is heard nor anything sent.
const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, openat};
    use std::collections::BTreeSet;
    use std::fs::{self, File};

    fn directory(path: &std::path::Path, wanted: Wanted) -> LocalDirectory {
        let fd = openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        LocalDirectory::new(fd, wanted, Arc::new(Owners::read()))
    }

    fn all(directory: &mut LocalDirectory, max: usize) -> Vec<Bytes> {
        let mut names = Vec::new();
        loop {
            let page = directory.read(max).unwrap();
            assert!(page.entries.len() <= max);
            names.extend(page.entries.into_iter().map(|entry| entry.name));
            if page.last {
                return names;
            }
        }
    }

    /// More than a buffer of names, short and as long as they may be, in pages that end within a buffer, at its end and
    /// behind it.
    #[test]
    fn every_name_comes_once_whatever_the_page() {
        let root = tempfile::tempdir().unwrap();
        let names: BTreeSet<_> = (0..900).map(|number| format!("{number:0width$}", width = 3 + number % 253)).collect();
        names.iter().for_each(|name| drop(File::create(root.path().join(name)).unwrap()));
        for wanted in [Wanted::Names, Wanted::Everything] {
            for max in [1, 7, 256, 899, 900, 901, 5_000] {
                let told = all(&mut directory(root.path(), wanted), max);
                let told: Vec<_> = told.iter().map(|name| String::from_utf8(name.to_vec()).unwrap()).collect();
                assert_eq!(told.len(), names.len(), "{max} a page");
                assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), names, "{max} a page");
            }
        }
    }

    #[test]
    fn a_directory_that_is_gone_is_at_its_end() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("d");
        fs::create_dir(&path).unwrap();
        let mut directory = directory(&path, Wanted::Everything);
        fs::remove_dir(&path).unwrap();
        assert!(all(&mut directory, 10).is_empty());
    }

    #[test]
    fn what_vanished_behind_its_name_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            File::create(root.path().join(name)).unwrap();
        }
        let mut directory = directory(root.path(), Wanted::Everything);
        let first = directory.read(1).unwrap().entries.remove(0).name;
        let gone = ["a", "b", "c"].into_iter().find(|name| name.as_bytes() != &*first).unwrap();
        fs::remove_file(root.path().join(gone)).unwrap();
        let rest = all(&mut directory, 10);
        assert_eq!(rest.len(), 1);
        assert!(&*rest[0] != gone.as_bytes());
    }
}
