//! Open files of the local disk: read, written aside, or written in place.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::storage::{FinishHow, Replace, WriteMode};
use rustix::buffer::spare_capacity;
use rustix::fs::{
    Access, AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid, accessat, fchmod, fchown, fdatasync, fstat, fstatvfs,
    fsync, ftruncate, statat, unlinkat,
};
use rustix::io::Errno;

use super::aside::{Aside, Taken};
use super::failures::{failure, io_failure};
use super::ground::Ground;
use super::jail::{Regular, Spot, beneath, size};
use super::turns::Turn;
use crate::pace::Pace;
use crate::storage::{ReadFile, Upload, WriteFile};

/// A file open for reading.
pub(super) struct LocalRead {
    file: Arc<File>,
    size: u64,
    ground: Ground,
}

impl LocalRead {
    pub(super) fn new((file, stat): Regular, ground: Ground) -> Self {
        Self { file: Arc::new(file), size: size(&stat), ground }
    }
}

impl ReadFile for LocalRead {
    fn size(&self) -> u64 {
        self.size
    }

    fn file(&self) -> Option<Arc<File>> {
        Some(Arc::clone(&self.file))
    }

    fn pace(&self) -> Pace {
        self.ground.pace()
    }

    fn closing(&self) -> Pace {
        self.ground.closing(&self.file)
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        let mut bytes = Vec::with_capacity(max);
        while bytes.len() < max {
            let offset = at.saturating_add(bytes.len() as u64);
            match rustix::io::pread(&self.file, spare_capacity(&mut bytes), offset) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(failure(error)),
            }
        }
        bytes.truncate(max);
        Ok(bytes.into())
    }
}

/// A new file, written aside.
pub(super) struct NewFile {
    file: Arc<File>,
    spot: Spot,
    replace: Replace,
    permissions: u32,
    manner: Manner,
    /// Gone once the upload was finished.
    aside: Mutex<Option<Aside>>,
}

/// How an upload is brought to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) ground: Ground,
    /// Whether it is on the disk itself when it is answered.
    pub(super) sync: bool,
}

impl NewFile {
    /// `found` is what has the name now.
    pub(super) fn open(
        (spot, found): (Spot, Option<Stat>),
        replace: Replace,
        upload: Upload,
        manner: Manner,
    ) -> Result<Self, Failure> {
        refuse_what_cannot_be_replaced(&spot, found.as_ref(), replace)?;
        room_for(&spot.dir, upload.expected)?;
        let (aside, file) = Aside::make(&spot).map_err(failure)?;
        let (file, aside) = (Arc::new(file), Mutex::new(Some(aside)));
        Ok(Self { file, spot, replace, permissions: upload.permissions, manner, aside })
    }

    /// What has the name now.
    fn old(&self) -> Option<Stat> {
        self.spot.stat().ok()
    }

    fn end(&self, how: FinishHow, old: Option<&Stat>) -> Result<(), Failure> {
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(Failure::Io)?;
        match how {
            FinishHow::Commit => self.place(aside, self.replace, old).map_err(failure),
            FinishHow::Keep => match self.place(aside, Replace::Refused, old) {
                // Someone has the name: what was there stays, and the part is forgotten.
                Err(Errno::EXIST) => Ok(()),
                result => result.map_err(failure),
            },
            FinishHow::Discard => Ok(()),
        }
    }

    fn place(&self, aside: Aside, replace: Replace, old: Option<&Stat>) -> Result<(), Errno> {
        self.take_over_permissions(old)?;
        if self.manner.sync {
            fdatasync(&self.file)?;
        }
        let taken = if old.is_some() { Taken::Yes } else { Taken::No };
        aside.place(&self.file, &self.spot, replace, taken)?;
        if self.manner.sync { sync_directory(&self.spot) } else { Ok(()) }
    }

    /// A file that is replaced hands on its permission bits, and its owner as far as we may. Set-id bits it does not:
    /// they were meant for the old content.
    fn take_over_permissions(&self, old: Option<&Stat>) -> Result<(), Errno> {
        let mut permissions = self.permissions;
        if let Some(old) = old
            && FileType::from_raw_mode(old.st_mode) == FileType::RegularFile
        {
            permissions = old.st_mode;
            let new = fstat(&self.file)?;
            if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid) {
                let _ = fchown(&self.file, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)));
            }
        }
        fchmod(&self.file, Mode::from_raw_mode(permissions & 0o777))
    }
}

impl WriteFile for NewFile {
    fn size(&self) -> u64 {
        0
    }

    fn file(&self) -> Option<Arc<File>> {
        Some(Arc::clone(&self.file))
    }

    fn pace(&self) -> Pace {
        self.manner.ground.pace()
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        write_all(&self.file, at, bytes)
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        self.end(how, self.old().as_ref())
    }

    /// In memory, unless there is much to give back: of what is replaced, or of this where it cannot be kept, since its
    /// directory is gone or somebody else has the name.
    fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        let Manner { ground, sync } = self.manner;
        if sync || how == FinishHow::Discard || !ground.is_light_file(&self.file) {
            return None;
        }
        let old = self.old();
        old.as_ref().is_none_or(|old| ground.is_light(old)).then(|| self.end(how, old.as_ref()))
    }
}

/// A file written where it is: REST and STOR, and APPE.
pub(super) struct InPlace {
    file: Arc<File>,
    spot: Spot,
    /// Its size before; `None` when it was made for this upload.
    before: Option<u64>,
    turn: Turn,
    manner: Manner,
    finished: Mutex<bool>,
}

impl InPlace {
    pub(super) fn open(spot: Spot, upload: Upload, manner: Manner) -> Result<Self, Failure> {
        let (file, before) = existing_or_made(&spot, upload).map_err(failure)?;
        let turn = Turn::take(&fstat(&file).map_err(failure)?);
        let this = Self { file: Arc::new(file), spot, before, turn, manner, finished: Mutex::new(false) };
        if matches!(upload.mode, WriteMode::At(offset) if offset > this.size()) {
            return Err(Failure::BadOffset);
        }
        room_for(&this.file, upload.expected)?;
        Ok(this)
    }

    fn discard(&self) -> Result<(), Failure> {
        if !self.turn.is_last() {
            return Ok(());
        }
        let now = fstat(&self.file).map_err(failure)?;
        match self.before {
            Some(before) if u64::try_from(now.st_size).is_ok_and(|size| size > before) => {
                ftruncate(&self.file, before).map_err(failure)
            }
            Some(_) => Ok(()),
            None => {
                // Only while the name is still this file's.
                let named = statat(&self.spot.dir, &self.spot.name, AtFlags::SYMLINK_NOFOLLOW).map_err(failure)?;
                if (named.st_dev, named.st_ino) == (now.st_dev, now.st_ino) {
                    unlinkat(&self.spot.dir, &self.spot.name, AtFlags::empty()).map_err(failure)?;
                }
                Ok(())
            }
        }
    }

    fn keep(&self) -> Result<(), Errno> {
        if self.manner.sync {
            fdatasync(&self.file)?;
            if self.before.is_none() {
                sync_directory(&self.spot)?;
            }
        }
        Ok(())
    }

    /// Whether this is the first call.
    fn first_finish(&self) -> bool {
        !std::mem::replace(&mut *self.finished.lock().unwrap_or_else(PoisonError::into_inner), true)
    }
}

impl WriteFile for InPlace {
    fn size(&self) -> u64 {
        self.before.unwrap_or(0)
    }

    fn file(&self) -> Option<Arc<File>> {
        Some(Arc::clone(&self.file))
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        write_all(&self.file, at, bytes)
    }

    fn pace(&self) -> Pace {
        self.manner.ground.pace()
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        match how {
            _ if !self.first_finish() => Err(Failure::Io),
            FinishHow::Commit => self.keep().map_err(|error| {
                // A failed commit has discarded the upload.
                let _ = self.discard();
                failure(error)
            }),
            FinishHow::Keep => self.keep().map_err(failure),
            FinishHow::Discard => self.discard(),
        }
    }

    /// In memory: there is nothing to do but to keep it. If it was removed meanwhile, this gives it back.
    fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        let Manner { ground, sync } = self.manner;
        let waits = sync || how == FinishHow::Discard || !ground.is_light_file(&self.file);
        (!waits).then(|| self.finish(how))
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        if self.first_finish() {
            let _ = self.discard();
        }
    }
}

/// The file that is there and its size, or a new one. Others may make it and take it back in between.
fn existing_or_made(spot: &Spot, upload: Upload) -> Result<(File, Option<u64>), Errno> {
    let mut tries = 0;
    loop {
        match spot.open_regular(OFlags::RDWR) {
            Err(Errno::NOENT) if !matches!(upload.mode, WriteMode::At(1..)) => {}
            found => {
                let (file, stat) = found?;
                return Ok((file, Some(size(&stat))));
            }
        }
        match made(spot, upload) {
            // Made by another meanwhile; or a link to nothing, which stays what it is.
            Err(Errno::EXIST) if tries < TRIES => tries += 1,
            made => return Ok((made?, None)),
        }
    }
}

fn made(spot: &Spot, upload: Upload) -> Result<File, Errno> {
    let file = spot.open(OFlags::CREATE | OFlags::EXCL | OFlags::RDWR, Mode::RUSR | Mode::WUSR)?;
    fchmod(&file, Mode::from_raw_mode(upload.permissions & 0o777))?;
    Ok(File::from(file))
}

fn refuse_what_cannot_be_replaced(spot: &Spot, old: Option<&Stat>, replace: Replace) -> Result<(), Failure> {
    let Some(old) = old else { return Ok(()) };
    match FileType::from_raw_mode(old.st_mode) {
        FileType::Directory => Err(Failure::IsADirectory),
        _ if replace == Replace::Refused => Err(Failure::Exists),
        // A rename asks no permission of the file it replaces, but whoever made it read-only meant it.
        FileType::RegularFile => accessat(&spot.dir, &spot.name, Access::WRITE_OK, AtFlags::EACCESS).map_err(failure),
        _ => Err(Failure::PermissionDenied),
    }
}

/// Whether `expected` more bytes fit, as far as one can know beforehand. Nothing is set aside for them: a client could
/// fill the disk by announcing.
fn room_for(on: impl AsFd, expected: u64) -> Result<(), Failure> {
    if expected == 0 {
        return Ok(());
    }
    let room = fstatvfs(on).map_err(failure)?;
    if room.f_bavail.saturating_mul(room.f_frsize) < expected { Err(Failure::NoSpace) } else { Ok(()) }
}

fn write_all(file: &File, at: u64, bytes: &[u8]) -> Result<(), Failure> {
    file.write_all_at(bytes, at).map_err(|error| match error.kind() {
        ErrorKind::WriteZero => Failure::NoSpace,
        _ => io_failure(&error),
    })
}

/// Makes a name durable: the directory is opened again, since one open by path alone cannot be synced.
fn sync_directory(spot: &Spot) -> Result<(), Errno> {
    fsync(beneath(&spot.dir, b".", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?)
}

/// How often a file that comes and goes is looked for.
const TRIES: u32 = 100;
