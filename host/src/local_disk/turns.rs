//! Which upload into a file was begun last.
//!
//! A client whose session broke off comes back and goes on with its upload while the old session still dies. What that
//! one appended is taken off again, but not what the new one has appended meanwhile and was told is stored. Bytes may be
//! moved by the kernel, so it is not known whose they are: only the upload that was begun last takes anything back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::Stat;

/// An upload's place among those into the same file, as long as it is open.
#[derive(Debug)]
pub(super) struct Turn {
    inode: (u64, u64),
    number: u64,
}

#[derive(Debug, Default)]
struct Turns {
    last: u64,
    open: usize,
}

/// Of the whole process: several disks may have one root.
static TURNS: Mutex<BTreeMap<(u64, u64), Turns>> = Mutex::new(BTreeMap::new());

impl Turn {
    /// The next one at the file that `stat` tells of.
    pub(super) fn take(stat: &Stat) -> Self {
        let inode = (stat.st_dev, stat.st_ino);
        let mut all = turns();
        let turns = all.entry(inode).or_default();
        turns.last += 1;
        turns.open += 1;
        Self { inode, number: turns.last }
    }

    /// Whether nobody has begun since.
    pub(super) fn is_last(&self) -> bool {
        turns().get(&self.inode).is_some_and(|turns| turns.last == self.number)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = turns();
        if let Some(turns) = all.get_mut(&self.inode) {
            turns.open -= 1;
            if turns.open == 0 {
                all.remove(&self.inode);
            }
        }
    }
}

fn turns() -> MutexGuard<'static, BTreeMap<(u64, u64), Turns>> {
    // Nothing in here panics half-way.
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use ftp_proto::VirtualPath;
    use ftp_proto::storage::{FinishHow, WriteMode};

    use super::super::LocalDisk;
    use super::turns;
    use crate::storage::{Storage, Upload};

    #[test]
    fn what_another_upload_has_appended_since_is_not_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(dir.path()).unwrap();
        let begin = |name: &str| {
            let path = VirtualPath::parse(name.as_bytes()).unwrap();
            disk.open_write(&path, Upload::new(WriteMode::Append)).unwrap()
        };
        let content = |name: &str| fs::read(dir.path().join(name)).unwrap();
        for how in [None, Some(FinishHow::Discard)] {
            fs::write(dir.path().join("a"), "0123").unwrap();
            for name in ["/a", "/made"] {
                let (old, new) = (begin(name), begin(name));
                let size = new.size();
                new.write_at(size, b"end").unwrap();
                new.finish(FinishHow::Commit).unwrap();
                if let Some(how) = how {
                    old.finish(how).unwrap();
                }
            }
            assert_eq!((content("a"), content("made")), (b"0123end".to_vec(), b"end".to_vec()));
            // The last one's own are.
            let last = begin("/a");
            last.write_at(7, b"more").unwrap();
            drop(last);
            assert_eq!(content("a"), b"0123end");
            fs::remove_file(dir.path().join("made")).unwrap();
        }
        let ours = fs::metadata(dir.path().join("a")).unwrap();
        assert!(!turns().contains_key(&(ours.dev(), ours.ino())), "nothing is left behind");
    }
}
