//! Several storages in one tree.
//!
//! ```text
//! /            the root storage
//! /pub         ── another storage's /
//! /srv/mirror  ── another's; /srv is shown as a directory, also where the root has none
//! ```

mod directory;
mod point;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ftp_proto::action::Times;
use ftp_proto::outcome::{Digest, Prepared, Quota, Space, TreeSize};

use ftp_proto::storage::{Entry, FinishHow, HashAlgorithm, Metadata, Replace, Wanted, WriteMode};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, PathError, VirtualPath};

use self::directory::MountedDirectory;
use self::point::{Point, Spot};
use crate::adapter::unix_time;
use crate::storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};

/// A mount table: each storage stands at its path in one tree, and the longest path that fits decides whose a name is.
///
/// A mount point hides what the storage beneath has under its name, and is seen in the listing of the directory that it
/// stands in, also where the storage there has no such directory. It can neither be removed nor renamed
/// ([`Failure::Busy`]), nor can what it stands in. As on Unix, nothing is renamed from one storage into another
/// ([`Failure::Unsupported`]); files are copied, by reading and writing. Links lead through the storage that they are in.
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_host::{MemoryDisk, Mounts, ReadOnly, Storage};
/// use ftp_proto::VirtualPath;
///
/// let home = MemoryDisk::new().with_file("/notes.txt", "mine");
/// let mirror = ReadOnly(MemoryDisk::new().with_file("/debian/README", "yours"));
/// let tree = Mounts::new(Arc::new(home)).mount("/srv/mirror", Arc::new(mirror))?;
///
/// let path = |text: &str| VirtualPath::parse(text.as_bytes()).expect("a path");
/// assert_eq!(tree.stat(&path("/srv/mirror/debian/README")).unwrap().size, 5);
/// assert!(tree.stat(&path("/srv")).unwrap().is_directory());
/// # Ok::<(), ftp_proto::PathError>(())
/// ```
pub struct Mounts {
    /// By path; the root is always among them.
    points: BTreeMap<VirtualPath, Point>,
    /// When the table was made: as old as directories are that are nowhere else.
    made: UnixTime,
}

impl Mounts {
    /// Only this storage.
    #[must_use]
    pub fn new(root: Arc<dyn Storage>) -> Self {
        let points = BTreeMap::from([(VirtualPath::root(), Point::new(root, 0))]);
        Self { points, made: unix_time() }
    }

    /// Mounts `storage` at `path`, in place of what was mounted there. At `/` it becomes the root.
    ///
    /// # Errors
    /// When `path` is none.
    pub fn mount(mut self, path: &str, storage: Arc<dyn Storage>) -> Result<Self, PathError> {
        let path = VirtualPath::parse(path.as_bytes())?;
        // The same storage elsewhere has the same files; another's may have the same numbers.
        let known = self.points.values().find(|point| Arc::ptr_eq(&point.storage, &storage)).map(|point| point.number);
        let number = known.unwrap_or_else(|| 1 + self.points.values().map(|point| point.number).max().unwrap_or(0));
        self.points.insert(path, Point::new(storage, number));
        Ok(self)
    }

    /// Whose `path` is: that of the longest mount point that it lies at or beneath.
    fn spot(&self, path: &VirtualPath) -> Spot<'_> {
        let mut at = path.clone();
        loop {
            if let Some(point) = self.points.get(&at) {
                return point.spot(&at, path);
            }
            // The root is mounted, so this comes to an end.
            at = at.parent();
        }
    }

    /// The mount points beneath `path`.
    fn beneath<'a>(&'a self, path: &'a VirtualPath) -> impl Iterator<Item = (&'a VirtualPath, &'a Point)> {
        self.points.iter().filter(move |(at, _)| *at != path && at.starts_with(path))
    }

    /// Whether `path` is a mount point, or one lies beneath it: a directory, whatever the storage says.
    fn is_fixed(&self, path: &VirtualPath) -> bool {
        self.points.keys().any(|at| at.starts_with(path))
    }

    /// Where something may be made: not where a mount has the name, nor in a directory that only stands for mounts.
    fn spot_to_make(&self, path: &VirtualPath, taken: Failure) -> Result<Spot<'_>, Failure> {
        if self.is_fixed(path) {
            return Err(taken);
        }
        let parent = path.parent();
        let holder = self.spot(&parent);
        if self.only_stands(&parent, &holder) { Err(Failure::PermissionDenied) } else { Ok(self.spot(path)) }
    }

    /// Where something is removed or renamed from.
    fn spot_to_change(&self, path: &VirtualPath, fixed: Failure) -> Result<Spot<'_>, Failure> {
        if self.is_fixed(path) { Err(fixed) } else { Ok(self.spot(path)) }
    }

    /// What has attributes: not a directory that only stands for mounts.
    fn spot_with_attributes(&self, path: &VirtualPath) -> Result<Spot<'_>, Failure> {
        let spot = self.spot(path);
        if self.only_stands(path, &spot) { Err(Failure::PermissionDenied) } else { Ok(spot) }
    }

    /// Whether `path`, which is at `spot`, is a directory only because mounts lie beneath it.
    fn only_stands(&self, path: &VirtualPath, spot: &Spot<'_>) -> bool {
        self.is_fixed(path) && !spot.path.is_root() && !spot.is_directory()
    }

    /// The names that mounts make in the directory `path`, each with what is mounted at that very name.
    fn names_in<'a>(&'a self, path: &VirtualPath) -> BTreeMap<&'a [u8], Option<&'a Point>> {
        let depth = path.components().count();
        let mut names = BTreeMap::new();
        for (at, point) in self.points.iter().filter(|(at, _)| at.starts_with(path)) {
            let mut rest = at.components().skip(depth);
            if let Some(name) = rest.next() {
                let mounted = names.entry(name).or_insert(None);
                if rest.next().is_none() {
                    *mounted = Some(point);
                }
            }
        }
        names
    }

    fn stand_in(&self) -> Metadata {
        Metadata::directory(self.made)
    }

    /// What a directory is shown as that mounts lie at or beneath: as what it is, or as one that stands for them.
    fn shown(&self, found: Result<Metadata, Failure>) -> Metadata {
        found.ok().filter(Metadata::is_directory).unwrap_or_else(|| self.stand_in())
    }

    /// What `path` is to be seen as, where its storage found this.
    fn seen(&self, path: &VirtualPath, found: Result<Metadata, Failure>) -> Result<Metadata, Failure> {
        match found {
            Ok(_) | Err(Failure::NotFound | Failure::NotADirectory) if self.is_fixed(path) => Ok(self.shown(found)),
            found => found,
        }
    }

    fn entries(&self, path: &VirtualPath, wanted: Wanted) -> Vec<Entry> {
        let entry = |(name, mounted): (&[u8], Option<&Point>)| {
            let metadata = match (wanted, mounted) {
                (Wanted::Names, _) => self.stand_in(),
                (Wanted::Everything, Some(point)) => self.shown(point.root().stat()),
                (Wanted::Everything, None) => {
                    self.shown(path.join(name).map_or(Err(Failure::NotFound), |it| self.spot(&it).stat()))
                }
            };
            Entry { name: Bytes::copy_from_slice(name), metadata }
        };
        self.names_in(path).into_iter().map(entry).collect()
    }
}

impl fmt::Debug for Mounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mounts").field(&self.points.keys()).finish()
    }
}

impl Storage for Mounts {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.seen(path, self.spot(path).stat())
    }

    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        let found = self.spot(path).stat_now()?;
        Some(self.seen(path, found))
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        let spot = self.spot(path);
        let entries = self.entries(path, wanted);
        let within = match spot.storage().open_dir(&spot.path, wanted) {
            Ok(within) => Some(within),
            // Only mounts lie in it.
            Err(Failure::NotFound | Failure::NotADirectory) if !entries.is_empty() => None,
            Err(failure) => return Err(failure),
        };
        Ok(Box::new(MountedDirectory::new(entries, within, spot.number())))
    }

    /// Not where mounts have to be looked at, which are other storages' directories.
    fn open_dir_now(&self, path: &VirtualPath, wanted: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        if !self.names_in(path).is_empty() {
            return None;
        }
        let spot = self.spot(path);
        let within = spot.storage().open_dir_now(&spot.path, wanted)?;
        Some(within.map(|within| Box::new(MountedDirectory::new(Vec::new(), Some(within), spot.number())) as _))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        let spot = self.spot_to_change(path, Failure::IsADirectory)?;
        spot.storage().open_read(&spot.path)
    }

    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        match self.spot_to_change(path, Failure::IsADirectory) {
            Ok(spot) => spot.storage().open_read_now(&spot.path),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        let spot = self.spot_to_make(path, Failure::IsADirectory)?;
        spot.storage().open_write(&spot.path, upload)
    }

    /// Not beside mounts: whether there is a directory there is for its storage to say.
    fn open_write_now(&self, path: &VirtualPath, upload: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        let parent = path.parent();
        if self.is_fixed(path) || self.is_fixed(&parent) && !self.points.contains_key(&parent) {
            return None;
        }
        let spot = self.spot(path);
        spot.storage().open_write_now(&spot.path, upload)
    }

    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        let spot = self.spot_to_change(path, Failure::IsADirectory)?;
        spot.storage().remove(&spot.path)
    }

    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        let spot = self.spot_to_change(path, Failure::Busy)?;
        spot.storage().remove_dir(&spot.path)
    }

    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let spot = self.spot_to_make(path, Failure::Exists)?;
        spot.storage().make_dir(&spot.path, permissions)
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let source = self.spot_to_change(from, Failure::Busy)?;
        let target = self.spot_to_make(to, Failure::Exists)?;
        if !source.is_with(&target) {
            // What is not there cannot be moved, wherever to.
            source.stat()?;
            return Err(Failure::Unsupported);
        }
        source.storage().rename(&source.path, &target.path, replace)
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        let spot = self.spot_with_attributes(path)?;
        spot.storage().set_times(&spot.path, times)
    }

    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        let spot = self.spot_with_attributes(path)?;
        spot.storage().set_mode(&spot.path, mode)
    }

    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        let spot = self.spot_to_make(link, Failure::Exists)?;
        let target = self.spot(target);
        // A link cannot lead out of its storage.
        if !target.is_with(&spot) {
            return Err(Failure::Unsupported);
        }
        spot.storage().symlink(&target.path, &spot.path)
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        let source = self.spot_to_change(from, Failure::IsADirectory)?;
        let target = self.spot_to_make(to, Failure::Exists)?;
        if source.is_with(&target) {
            return source.storage().copy(&source.path, &target.path, replace, cancel);
        }
        carry(&source, &target, replace, cancel)
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        let mut spot = self.spot(path);
        if self.only_stands(path, &spot) {
            spot.path = VirtualPath::root();
        }
        spot.storage().space(&spot.path)
    }

    /// The sum of what the storages tell that have a quota.
    fn quota(&self) -> Result<Quota, Failure> {
        let storages: BTreeMap<u64, &Point> = self.points.values().map(|point| (point.number, point)).collect();
        let quotas = storages.values().filter_map(|point| match point.storage.quota() {
            Err(Failure::Unsupported) => None,
            told => Some(told),
        });
        let sum = |one: Quota, other: Quota| Quota {
            used_bytes: one.used_bytes.saturating_add(other.used_bytes),
            bytes: one.bytes.zip(other.bytes).map(|(one, other)| one.saturating_add(other)),
            used_files: one.used_files.saturating_add(other.used_files),
            files: one.files.zip(other.files).map(|(one, other)| one.saturating_add(other)),
        };
        quotas.reduce(|one, other| Ok(sum(one?, other?))).unwrap_or(Err(Failure::Unsupported))
    }

    fn hash(
        &self,
        path: &VirtualPath,
        algorithm: HashAlgorithm,
        range: (u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<Digest, Failure> {
        let spot = self.spot_to_change(path, Failure::IsADirectory)?;
        spot.storage().hash(&spot.path, algorithm, range, cancel)
    }

    /// With what is mounted beneath, and without what that hides.
    fn tree_size(&self, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
        let spot = self.spot(path);
        let own = spot.storage().tree_size(&spot.path, cancel);
        let mut bytes = match own {
            Err(Failure::NotFound | Failure::NotADirectory) if self.is_fixed(path) => 0,
            own => own?.bytes,
        };
        for (at, point) in self.beneath(path) {
            cancel.check()?;
            if let Some(hidden) = self.hidden_by(at)
                && let Ok(hidden) = hidden.storage().tree_size(&hidden.path, cancel)
            {
                bytes = bytes.saturating_sub(hidden.bytes);
            }
            bytes = bytes.saturating_add(point.storage.tree_size(&VirtualPath::root(), cancel)?.bytes);
        }
        Ok(TreeSize { bytes })
    }

    fn make_dirs(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        // What stands for mounts is there; where something is to be made in it, the storage makes it, too.
        if self.is_fixed(path) {
            return Ok(());
        }
        let spot = self.spot(path);
        spot.storage().make_dirs(&spot.path, permissions)
    }

    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        let spot = self.spot_to_change(path, Failure::Busy)?;
        spot.storage().remove_tree(&spot.path, cancel)
    }

    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        let whole = self.spot_to_make(target, Failure::IsADirectory)?;
        let mut within = Vec::with_capacity(parts.len());
        for part in parts {
            let part = self.spot_to_change(part, Failure::IsADirectory)?;
            if !part.is_with(&whole) {
                return Err(Failure::Unsupported);
            }
            within.push(part.path);
        }
        whole.storage().combine(&whole.path, &within, cancel)
    }

    fn set_owner(&self, path: &VirtualPath, owner: Option<&str>, group: Option<&str>) -> Result<(), Failure> {
        let spot = self.spot_with_attributes(path)?;
        spot.storage().set_owner(&spot.path, owner, group)
    }

    fn prepare(&self, path: &VirtualPath, upload: bool) -> Result<Prepared, Failure> {
        let spot = self.spot(path);
        spot.storage().prepare(&spot.path, upload)
    }
}

impl Mounts {
    /// What a mount point hides of the storage that it stands in.
    fn hidden_by(&self, at: &VirtualPath) -> Option<Spot<'_>> {
        let name = at.file_name()?;
        let mut holder = self.spot(&at.parent());
        holder.path = holder.path.join(name)?;
        Some(holder)
    }
}

/// Copies a file from one storage into another.
fn carry(source: &Spot<'_>, target: &Spot<'_>, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
    let permissions = source.stat()?.mode & 0o777;
    let from = source.storage().open_read(&source.path)?;
    let upload = Upload { permissions, expected: from.size(), ..Upload::new(WriteMode::Create(replace)) };
    // Dropped on the way, it leaves nothing.
    let to = target.storage().open_write(&target.path, upload)?;
    let mut at = 0;
    loop {
        cancel.check()?;
        let chunk = from.read_at(at, CHUNK)?;
        if chunk.is_empty() {
            return to.finish(FinishHow::Commit);
        }
        to.write_at(at, &chunk)?;
        at = at.saturating_add(chunk.len() as u64);
    }
}

const CHUNK: usize = 1 << 18;
