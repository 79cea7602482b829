//! Whole trees of any storage, by what it offers of single files and directories.

use ftp_proto::outcome::TreeSize;
use ftp_proto::storage::{Entry, FileKind, Wanted};
use ftp_proto::{Failure, VirtualPath};

use crate::storage::{Cancel, Directory, Storage};

/// How deep a tree may be to be summed up: so many directories are held open.
pub(crate) const DEEPEST: usize = 128;

/// Makes `path` and all that is missing above it.
pub(crate) fn make_dirs<S: Storage + ?Sized>(storage: &S, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
    let mut at = VirtualPath::root();
    for name in path.components() {
        at = at.join(name).ok_or(Failure::NameNotAllowed)?;
        match storage.make_dir(&at, permissions) {
            Err(Failure::Exists) if storage.stat(&at)?.is_directory() => {}
            Err(Failure::Exists) => return Err(Failure::NotADirectory),
            made => made?,
        }
    }
    Ok(())
}

/// The sizes of all files beneath `path`; links are not followed.
pub(crate) fn size<S: Storage + ?Sized>(storage: &S, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
    let mut bytes = 0_u64;
    let mut levels = vec![Level::open(storage, path.clone())?];
    while let Some(level) = levels.last_mut() {
        cancel.check()?;
        let Some(entry) = level.next()? else {
            levels.pop();
            continue;
        };
        match entry.metadata.kind {
            FileKind::File => bytes = bytes.saturating_add(entry.metadata.size),
            FileKind::Directory => {
                let beneath = level.path.join(&entry.name).ok_or(Failure::Io)?;
                match Level::open(storage, beneath) {
                    // Removed meanwhile.
                    Err(Failure::NotFound | Failure::NotADirectory) => {}
                    _ if levels.len() == DEEPEST => return Err(Failure::Unsupported),
                    opened => levels.push(opened?),
                }
            }
            _ => {}
        }
    }
    Ok(TreeSize { bytes })
}

/// A directory that is being read.
struct Level {
    path: VirtualPath,
    dir: Box<dyn Directory>,
    page: std::vec::IntoIter<Entry>,
    last: bool,
}

impl Level {
    fn open<S: Storage + ?Sized>(storage: &S, path: VirtualPath) -> Result<Self, Failure> {
        let dir = storage.open_dir(&path, Wanted::Everything)?;
        Ok(Self { path, dir, page: Vec::new().into_iter(), last: false })
    }

    fn next(&mut self) -> Result<Option<Entry>, Failure> {
        loop {
            if let Some(entry) = self.page.next() {
                return Ok(Some(entry));
            }
            if self.last {
                return Ok(None);
            }
            let page = self.dir.read(PAGE)?;
            (self.page, self.last) = (page.entries.into_iter(), page.last);
        }
    }
}

/// How many entries are read between two looks at whether to end.
const PAGE: usize = 100;
