//! What the kernel knows of a file, in the engine's words.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs;
use std::os::fd::AsFd;
use std::sync::Arc;

use ftp_proto::storage::{FileKind, Metadata};
use ftp_proto::time::UnixTime;
use rustix::fs::{AtFlags, FileType, Statx, StatxFlags, StatxTimestamp, readlinkat, statx};
use rustix::io::Errno;

/// The names of owners and groups, as `/etc/passwd` and `/etc/group` had them when they were read.
#[derive(Debug, Default)]
pub(super) struct Owners {
    users: BTreeMap<u32, Arc<str>>,
    groups: BTreeMap<u32, Arc<str>>,
}

impl Owners {
    /// Reads them. What cannot be read leaves its names unknown.
    pub(super) fn read() -> Self {
        Self { users: numbered_names("/etc/passwd"), groups: numbered_names("/etc/group") }
    }

    /// The number of the user of this name, or what its digits say.
    pub(super) fn user(&self, name: &str) -> Option<u32> {
        number(&self.users, name)
    }

    /// The same of a group.
    pub(super) fn group(&self, name: &str) -> Option<u32> {
        number(&self.groups, name)
    }

    /// Tells of files by these names, and by what a look of the kind `how` says.
    pub(super) const fn describer(&self, how: AtFlags) -> Describer<'_> {
        Describer { owners: self, how, user: None, group: None }
    }

    /// What `name` in `dir` is, a link told as itself; an empty name is `dir` itself.
    pub(super) fn describe(&self, dir: impl AsFd, name: &CStr) -> Result<Metadata, Errno> {
        self.describer(AtFlags::empty()).describe(dir, name)
    }
}

/// Tells of many files, most of which have the same owner. Its names are its own copies: those of [`Owners`] are counted
/// by every thread that reads, formats and drops them, and that counter would pass from one processor to the other for
/// every entry of a directory.
pub(super) struct Describer<'a> {
    owners: &'a Owners,
    /// How the system is to look.
    how: AtFlags,
    user: Option<(u32, Option<Arc<str>>)>,
    group: Option<(u32, Option<Arc<str>>)>,
}

impl Describer<'_> {
    /// As [`Owners::describe`].
    pub(super) fn describe(&mut self, dir: impl AsFd, name: &CStr) -> Result<Metadata, Errno> {
        let flags =
            self.how | AtFlags::SYMLINK_NOFOLLOW | if name.is_empty() { AtFlags::EMPTY_PATH } else { AtFlags::empty() };
        let stat = statx(dir.as_fd(), name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?;
        let mut metadata = self.translate(&stat);
        if metadata.kind == FileKind::Symlink {
            // A link that has gone meanwhile is told without its target.
            let target = readlinkat(dir.as_fd(), name, Vec::new()).ok();
            metadata.target = target.map(|target| Arc::from(target.into_bytes()));
        }
        Ok(metadata)
    }

    fn translate(&mut self, stat: &Statx) -> Metadata {
        let mut metadata = Metadata::file(stat.stx_size, time(stat.stx_mtime));
        metadata.kind = kind(FileType::from_raw_mode(stat.stx_mode.into()));
        metadata.mode = u32::from(stat.stx_mode) & 0o7777;
        metadata.uid = stat.stx_uid;
        metadata.gid = stat.stx_gid;
        metadata.owner = named(&mut self.user, &self.owners.users, stat.stx_uid);
        metadata.group = named(&mut self.group, &self.owners.groups, stat.stx_gid);
        metadata.links = stat.stx_nlink.into();
        let device = u64::from(stat.stx_dev_major) << 32 | u64::from(stat.stx_dev_minor);
        metadata.unique = Some((device, stat.stx_ino));
        if stat.stx_mask & StatxFlags::BTIME.bits() != 0 {
            metadata.created = Some(time(stat.stx_btime));
        }
        metadata
    }
}

/// The name of `number`, which is looked up unless it is the last one's.
fn named(last: &mut Option<(u32, Option<Arc<str>>)>, names: &BTreeMap<u32, Arc<str>>, number: u32) -> Option<Arc<str>> {
    match last {
        Some((known, name)) if *known == number => name.clone(),
        _ => {
            let name = names.get(&number).map(|name| Arc::from(&**name));
            *last = Some((number, name.clone()));
            name
        }
    }
}

/// What kind of thing the kernel says it is.
pub(super) fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

fn time(stamp: StatxTimestamp) -> UnixTime {
    UnixTime { secs: stamp.tv_sec, nanos: stamp.tv_nsec }
}

/// A name that is all digits is a number, as `chown` has it. The largest means nobody: to the kernel it is `unchanged`.
fn number(names: &BTreeMap<u32, Arc<str>>, name: &str) -> Option<u32> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return name.parse().ok().filter(|number| *number != u32::MAX);
    }
    names.iter().find(|(_, known)| &***known == name).map(|(number, _)| *number)
}

/// The third field of each line, to the first: `name:password:number:…`. Where two names share a number, the first.
fn numbered_names(path: &str) -> BTreeMap<u32, Arc<str>> {
    let text = fs::read(path).unwrap_or_default();
    let mut names = BTreeMap::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(_), Some(number)) = (fields.next(), fields.next(), fields.next())
            && let Ok(number) = number.parse()
        {
            names.entry(number).or_insert_with(|| Arc::from(name));
        }
    }
    names
}
