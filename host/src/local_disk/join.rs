//! Content of files put behind one another: copies, and parts that are joined.
//!
//! ```text
//! target, part, part … ──► a file without a name ──► on the disk ──► renamed over target ──► the parts removed
//! ```
//!
//! So a crash leaves the target whole, as it was or as it is to be, and removes no part before its content is safe
//! elsewhere.

use std::os::fd::AsFd;
use std::sync::Arc;

use ftp_proto::storage::{FinishHow, Replace, WriteMode};
use ftp_proto::{Failure, VirtualPath};
use rustix::fs::{Access, AtFlags, FileType, OFlags, Stat, accessat, copy_file_range, unlinkat};
use rustix::io::Errno;

use super::aside::{hidden_name, rename};
use super::failures::{failure, io_failure};
use super::files::{LocalRead, Manner, NewFile};
use super::ground::Ground;
use super::jail::{Effort, Jail, Regular, Spot, size};
use crate::storage::{Cancel, ReadFile, Upload, WriteFile};

/// Copies all of `source` to `at` in `copy`; gives where that ends.
pub(super) fn append(source: Regular, copy: &NewFile, at: u64, cancel: &Cancel) -> Result<u64, Failure> {
    match copied_by_kernel(&source.0, copy, at, cancel)? {
        Some(end) => Ok(end),
        None => copied_by_buffer(LocalRead::new(source, Ground::Slow), copy, at, cancel),
    }
}

/// `None` when the kernel cannot between these two, and nothing was copied.
fn copied_by_kernel(source: impl AsFd, copy: &NewFile, at: u64, cancel: &Cancel) -> Result<Option<u64>, Failure> {
    let target = copy.file().ok_or(Failure::Io)?;
    let (mut read, mut written) = (0, at);
    loop {
        cancel.check()?;
        match copy_file_range(&source, Some(&mut read), &target, Some(&mut written), STEP) {
            // Some filesystems say 0 for what they cannot copy: the buffer finds out.
            Ok(0) => return Ok((written > at).then_some(written)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if written == at => return Ok(None),
            Err(error) => return Err(failure(error)),
        }
    }
}

fn copied_by_buffer(source: LocalRead, copy: &NewFile, at: u64, cancel: &Cancel) -> Result<u64, Failure> {
    let mut read = 0;
    loop {
        cancel.check()?;
        let bytes = source.read_at(read, BUFFER)?;
        if bytes.is_empty() {
            return Ok(at + read);
        }
        copy.write_at(at + read, &bytes)?;
        read += bytes.len() as u64;
    }
}

/// One file that is joined: what its name stood for, its content, and where it is to be removed.
struct Part {
    spot: Spot,
    named: Stat,
    content: Regular,
}

/// Joins `parts` behind what `target` holds, and removes them.
pub(super) fn combine(
    jail: &Jail,
    target: &VirtualPath,
    parts: &[VirtualPath],
    cancel: &Cancel,
) -> Result<(), Failure> {
    let (spot, found) = jail.target(target, Effort::Any).map_err(failure)?;
    let before = existing(&spot).map_err(failure)?;
    let parts = parts.iter().map(|part| open_part(jail, part)).collect::<Result<Vec<_>, _>>()?;
    let contents = || before.iter().chain(parts.iter().map(|part| &part.content));
    let stats: Vec<&Stat> = contents().map(|(_, stat)| stat).collect();
    for (at, one) in stats.iter().enumerate() {
        if stats.iter().skip(at + 1).any(|other| same_file(one, other)) {
            return Err(Failure::NameNotAllowed);
        }
    }
    let expected = stats.iter().map(|stat| size(stat)).sum();
    let permissions = stats.first().map_or(0, |stat| stat.st_mode & 0o777);
    let upload = Upload { mode: WriteMode::Create(Replace::Allowed), permissions, expected };
    // Synced whatever the setting: with the parts gone, there is no second copy.
    let manner = Manner { ground: Ground::Slow, sync: true };
    let whole = NewFile::open((spot.clone(), found), Replace::Allowed, upload, manner)?;
    let mut end = 0;
    for (content, stat) in contents() {
        let content = content.try_clone().map_err(|error| io_failure(&error))?;
        end = append((content, *stat), &whole, end, cancel)?;
    }
    if !is_unchanged(&spot, before.as_ref().map(|(_, stat)| stat)) {
        return Err(Failure::Busy);
    }
    whole.finish(FinishHow::Commit)?;
    parts.iter().try_for_each(Part::remove).map_err(failure)
}

/// What the target holds already.
fn existing(spot: &Spot) -> Result<Option<Regular>, Errno> {
    match spot.open_regular(OFlags::RDONLY) {
        Err(Errno::NOENT) => Ok(None),
        opened => opened.map(Some),
    }
}

fn open_part(jail: &Jail, path: &VirtualPath) -> Result<Part, Failure> {
    let spot = jail.spot(path, Failure::IsADirectory)?;
    let named = spot.stat().map_err(failure)?;
    let content = jail.open_regular(path, OFlags::RDONLY, Effort::Any).map_err(failure)?;
    let is_link = FileType::from_raw_mode(named.st_mode) == FileType::Symlink;
    if !is_link && !same_file(&named, &content.1) {
        // The name changed hands in between.
        return Err(Failure::Busy);
    }
    // Better now than when the whole is in place.
    accessat(&spot.dir, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).map_err(failure)?;
    Ok(Part { spot, named, content })
}

impl Part {
    /// Removes it, if its name is still its own. To be sure of that it is taken out of everyone's reach first.
    fn remove(&self) -> Result<(), Errno> {
        let aside = Spot { dir: Arc::clone(&self.spot.dir), name: hidden_name()? };
        match rename(&self.spot, &aside, Replace::Refused) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error),
        }
        let taken = aside.stat()?;
        if same_file(&taken, &self.named) {
            return unlinkat(&aside.dir, &aside.name, AtFlags::empty());
        }
        rename(&aside, &self.spot, Replace::Refused)
    }
}

/// Whether nobody wrote to the target since its content was read, nor gave its name to another file.
fn is_unchanged(spot: &Spot, before: Option<&Stat>) -> bool {
    match (spot.stat(), before) {
        (Ok(now), Some(before)) => {
            let changed = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
            same_file(&now, before) && changed(&now) == changed(before)
        }
        (Err(Errno::NOENT), None) => true,
        _ => false,
    }
}

const fn same_file(one: &Stat, other: &Stat) -> bool {
    one.st_dev == other.st_dev && one.st_ino == other.st_ino
}

/// How much the kernel copies between two looks at whether to end.
const STEP: usize = 1 << 20;
const BUFFER: usize = 256 << 10;
