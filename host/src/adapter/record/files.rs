//! The files of recorded sessions, of which only a few are open at a time.
//!
//! Sessions need descriptors more than their records do: with one for each, a server near its limit would turn away
//! clients, or lose their transfers, for being recorded.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::desk::Folder;

/// The files that are open, the one that was written last at the end. They are the thread's alone.
#[derive(Debug, Default)]
pub(super) struct Files {
    open: VecDeque<Open>,
}

#[derive(Debug)]
struct Open {
    folder: Arc<Folder>,
    file: File,
}

/// Which file it is that we made: device and inode, where there are such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Files {
    /// Adds `bytes` to the file of `folder`, all or nothing: a disk that fills up leaves no half line.
    pub(super) fn write(&mut self, folder: &Arc<Folder>, bytes: &[u8]) -> io::Result<()> {
        let known = self.open.iter().position(|open| Arc::ptr_eq(&open.folder, folder));
        let known = known.and_then(|at| self.open.remove(at));
        let mut open = match known {
            Some(open) => open,
            None => Open { folder: Arc::clone(folder), file: open(folder.path(), folder.identity())? },
        };
        let length = open.file.metadata()?.len();
        if let Err(cause) = open.file.write_all(bytes) {
            // Where that fails as well, the file is as the disk left it.
            let _ = open.file.set_len(length);
            return Err(cause);
        }
        if self.open.len() >= MOST_OPEN {
            self.open.pop_front();
        }
        self.open.push_back(open);
        Ok(())
    }

    /// Closes the files of sessions that are over.
    pub(super) fn tidy(&mut self) {
        self.open.retain(|open| Arc::strong_count(&open.folder) > 1);
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }
}

/// Makes the file, or opens the one that we made. Nothing else that is there is ever touched, nor followed.
fn open(path: &Path, made: &OnceLock<Identity>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    let Some(identity) = made.get() else {
        options.create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let _ = made.set(identify(&file)?);
        return Ok(file);
    };
    #[cfg(unix)]
    {
        // A pipe that stands there by now must not hold up the thread.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    let file = options.open(path)?;
    if identify(&file)? == *identity { Ok(file) } else { Err(io::Error::other("another file has taken its place")) }
}

fn identify(file: &File) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    return Ok(Identity(
        std::os::unix::fs::MetadataExt::dev(&metadata),
        std::os::unix::fs::MetadataExt::ino(&metadata),
    ));
    #[cfg(not(unix))]
    return Ok(Identity(u64::from(metadata.is_file()), 0));
}

/// Files that are open at once.
pub(super) const MOST_OPEN: usize = 32;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(directory: &Path, name: &str) -> Arc<Folder> {
        Folder::new(directory.join(name))
    }

    /// Each is written again and again, and closed in between.
    #[test]
    fn however_many_there_are_only_a_few_are_open() {
        let directory = tempfile::tempdir().unwrap();
        let folders: Vec<_> = (0..3 * MOST_OPEN).map(|name| folder(directory.path(), &name.to_string())).collect();
        let mut files = Files::default();
        for line in [&b"one\n"[..], b"two\n"] {
            for folder in &folders {
                files.write(folder, line).unwrap();
                assert!(files.count() <= MOST_OPEN);
            }
        }
        for folder in &folders {
            assert_eq!(fs::read_to_string(folder.path()).unwrap(), "one\ntwo\n");
        }
        drop(folders);
        files.tidy();
        assert_eq!(files.count(), 0);
    }

    /// What stands under the name by now is not ours: a link, another file, a pipe that nobody reads, or nothing.
    #[test]
    fn only_the_file_that_was_made_is_written_on() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "dear").unwrap();
        let plants: [fn(&Path, &Path); 4] = [
            |at, victim| std::os::unix::fs::symlink(victim, at).unwrap(),
            |at, victim| fs::hard_link(victim, at).unwrap(),
            |at, _| rustix::fs::mknodat(rustix::fs::CWD, at, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap(),
            |_, _| {},
        ];
        for (number, plant) in plants.into_iter().enumerate() {
            let ours = folder(directory.path(), &number.to_string());
            Files::default().write(&ours, b"one\n").unwrap();
            fs::rename(ours.path(), directory.path().join("moved")).unwrap();
            plant(ours.path(), &victim);
            Files::default().write(&ours, b"two\n").unwrap_err();
            assert_eq!(fs::read_to_string(&victim).unwrap(), "dear");
        }
    }
}
