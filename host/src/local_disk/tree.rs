//! Whole trees: removed, or summed up, from directory to directory by open descriptors.
//!
//! Each step names one component in a directory that is held open, and follows no link; so whoever swaps names
//! meanwhile gains nothing. At most [`DEEPEST`] directories are open at a time.

use std::os::fd::{AsFd, OwnedFd};

use ftp_proto::Failure;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use super::aside;
use super::failures::failure;
use super::jail::{Spot, beneath};
use crate::storage::Cancel;
use crate::trees::DEEPEST;

/// A directory that is being emptied.
struct Level {
    dir: Dir,
    /// In the directory above.
    name: Vec<u8>,
    /// Whether something in it was removed since it was read from its beginning.
    removed: bool,
}

impl Level {
    fn open(above: impl AsFd, name: &[u8]) -> Result<Self, Errno> {
        let dir = Dir::new(open_dir(above, name)?)?;
        Ok(Self { dir, name: name.to_vec(), removed: false })
    }
}

/// What became of an entry.
enum Entry {
    Gone,
    Directory,
}

/// Removes the directory at `spot` and everything in it. Broken off, it leaves what it has not come to.
pub(super) fn remove(spot: &Spot, cancel: &Cancel) -> Result<(), Failure> {
    let top = match Level::open(&spot.dir, &spot.name) {
        Err(Errno::LOOP) => return Err(Failure::NotADirectory),
        opened => opened.map_err(failure)?,
    };
    let mut levels = vec![top];
    loop {
        cancel.check()?;
        let Some(level) = levels.last_mut() else { return Ok(()) };
        match level.dir.read() {
            None => leave(spot, &mut levels)?,
            Some(found) => {
                let found = found.map_err(failure)?;
                let name = found.file_name().to_bytes();
                if matches!(name, b"." | b"..") {
                    continue;
                }
                match remove_entry(level, name, found.file_type()).map_err(failure)? {
                    Entry::Gone => level.removed = true,
                    Entry::Directory => enter(&mut levels, name).map_err(failure)?,
                }
            }
        }
    }
}

/// Removes what is no directory.
fn remove_entry(level: &Level, name: &[u8], kind: FileType) -> Result<Entry, Errno> {
    if kind == FileType::Directory {
        return Ok(Entry::Directory);
    }
    match unlinkat(level.dir.fd()?, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(Entry::Gone),
        Err(Errno::ISDIR) => Ok(Entry::Directory),
        Err(error) => Err(error),
    }
}

/// Goes on in a directory of the last level. One that is too deep is moved to the top, to have its turn there.
fn enter(levels: &mut Vec<Level>, name: &[u8]) -> Result<(), Errno> {
    let Some(level) = levels.last() else { return Ok(()) };
    if levels.len() == DEEPEST {
        let Some(top) = levels.first() else { return Ok(()) };
        let new = aside::hidden_name()?;
        match renameat_with(level.dir.fd()?, name, top.dir.fd()?, new, RenameFlags::NOREPLACE) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        // Both may have to be read again: one has an entry less, the other one more.
        levels.iter_mut().for_each(|level| level.removed = true);
        return Ok(());
    }
    match Level::open(level.dir.fd()?, name) {
        Ok(below) => levels.push(below),
        Err(Errno::NOENT) => {}
        // Swapped for a file or a link since it was read.
        Err(Errno::NOTDIR | Errno::LOOP) => match unlinkat(level.dir.fd()?, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR) => return Err(Errno::BUSY),
            Err(error) => return Err(error),
        },
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The last level was read to its end: removes it, or reads it again where others have put something there meanwhile.
fn leave(spot: &Spot, levels: &mut Vec<Level>) -> Result<(), Failure> {
    let Some(mut level) = levels.pop() else { return Ok(()) };
    let removed = match levels.last() {
        Some(above) => unlinkat(above.dir.fd().map_err(failure)?, &*level.name, AtFlags::REMOVEDIR),
        None => unlinkat(&spot.dir, &*level.name, AtFlags::REMOVEDIR),
    };
    match removed {
        Ok(()) | Err(Errno::NOENT) => {
            if let Some(above) = levels.last_mut() {
                above.removed = true;
            }
            Ok(())
        }
        Err(Errno::NOTEMPTY | Errno::EXIST) if level.removed => {
            level.dir.rewind();
            level.removed = false;
            levels.push(level);
            Ok(())
        }
        Err(error) => Err(failure(error)),
    }
}

/// The sizes of all files beneath `dir`; those of unfinished uploads do not count.
pub(super) fn size(dir: OwnedFd, cancel: &Cancel) -> Result<u64, Failure> {
    let mut bytes = 0_u64;
    let mut levels = vec![Dir::new(dir).map_err(failure)?];
    while let Some(level) = levels.last_mut() {
        cancel.check()?;
        let Some(found) = level.read() else {
            levels.pop();
            continue;
        };
        let found = found.map_err(failure)?;
        let name = found.file_name().to_bytes();
        if matches!(name, b"." | b"..") || aside::is_temporary(name) {
            continue;
        }
        match measure(level, name, found.file_type()) {
            Ok(Measured::File(size)) => bytes = bytes.saturating_add(size),
            Ok(Measured::Directory(_)) if levels.len() == DEEPEST => return Err(Failure::Unsupported),
            Ok(Measured::Directory(dir)) => levels.push(dir),
            // The others are what it means to be removed or swapped for something else meanwhile.
            Ok(Measured::Nothing) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(failure(error)),
        }
    }
    Ok(bytes)
}

/// What an entry adds to a tree.
enum Measured {
    File(u64),
    Directory(Dir),
    Nothing,
}

fn measure(level: &Dir, name: &[u8], kind: FileType) -> Result<Measured, Errno> {
    if !matches!(kind, FileType::Directory | FileType::RegularFile | FileType::Unknown) {
        return Ok(Measured::Nothing);
    }
    let stat = statat(level.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Measured::File(u64::try_from(stat.st_size).unwrap_or(0)),
        FileType::Directory => Measured::Directory(Dir::new(open_dir(level.fd()?, name)?)?),
        _ => Measured::Nothing,
    })
}

/// The directory `name` in `above`, which is no link.
fn open_dir(above: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    beneath(above, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())
}
