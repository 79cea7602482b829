//! Files that have no name yet: what an upload writes to until it is whole.
//!
//! ```text
//! O_TMPFILE ── link ──► the name                      when nobody has it
//!          └── link ──► .ftp-….part ── rename ──► the name     when a file is replaced
//! .ftp-….part ────────────────────── rename ──► the name     where the filesystem has no O_TMPFILE
//! ```

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ftp_proto::storage::Replace;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, linkat, renameat, renameat_with, statat, unlinkat};
use rustix::io::Errno;

use super::jail::{Spot, beneath};

/// How a file without a name of its own is kept.
#[derive(Debug)]
pub(super) enum Aside {
    /// It has none at all: it is gone when it is closed.
    Unnamed,
    /// A hidden one.
    Named(Temporary),
}

/// A hidden name that is removed unless the file moves to its own.
#[derive(Debug)]
pub(super) struct Temporary {
    hidden: Spot,
    moved: bool,
}

impl Aside {
    /// Makes an empty file beside `spot`, open for reading and writing by its owner alone.
    pub(super) fn make(spot: &Spot) -> Result<(Self, File), Errno> {
        match beneath(&spot.dir, b".", OFlags::TMPFILE | OFlags::RDWR, PRIVATE) {
            Ok(file) if can_be_linked(&file) => return Ok((Self::Unnamed, File::from(file))),
            // The others are what older kernels and some filesystems say for OPNOTSUPP.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        Self::named(spot)
    }

    fn named(spot: &Spot) -> Result<(Self, File), Errno> {
        let hidden = hidden_beside(spot)?;
        let file = hidden.open(OFlags::CREATE | OFlags::EXCL | OFlags::RDWR, PRIVATE)?;
        Ok((Self::Named(Temporary { hidden, moved: false }), File::from(file)))
    }

    /// Gives `file` the name of `spot`, which most probably is `taken` or free. Where it fails, the file is gone.
    pub(super) fn place(self, file: &File, spot: &Spot, replace: Replace, taken: Taken) -> Result<(), Errno> {
        let temporary = match self {
            Self::Named(temporary) => temporary,
            Self::Unnamed if taken == Taken::Yes && replace == Replace::Allowed => Temporary::linked(file, spot)?,
            Self::Unnamed => match link(file, spot) {
                Err(Errno::EXIST) if replace == Replace::Allowed => Temporary::linked(file, spot)?,
                result => return result,
            },
        };
        temporary.rename(spot, replace)
    }
}

/// Whether something had a name when it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

impl Temporary {
    /// A hidden name for a file that has none.
    fn linked(file: &File, beside: &Spot) -> Result<Self, Errno> {
        let hidden = hidden_beside(beside)?;
        link(file, &hidden)?;
        Ok(Self { hidden, moved: false })
    }

    fn rename(mut self, to: &Spot, replace: Replace) -> Result<(), Errno> {
        rename(&self.hidden, to, replace)?;
        self.moved = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.moved {
            // Where this fails nothing more can be done: listings hide what is left.
            let _ = unlinkat(&self.hidden.dir, &self.hidden.name, AtFlags::empty());
        }
    }
}

/// Renames, over what is there only where that is allowed.
pub(super) fn rename(from: &Spot, to: &Spot, replace: Replace) -> Result<(), Errno> {
    if replace == Replace::Allowed {
        return renameat(&from.dir, &from.name, &to.dir, &to.name);
    }
    match renameat_with(&from.dir, &from.name, &to.dir, &to.name, RenameFlags::NOREPLACE) {
        // The filesystem does not know the flag (or refuses for its own reasons, which it will repeat).
        Err(Errno::INVAL | Errno::NOSYS) => match statat(&to.dir, &to.name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => renameat(&from.dir, &from.name, &to.dir, &to.name),
            Ok(_) => Err(Errno::EXIST),
            Err(error) => Err(error),
        },
        result => result,
    }
}

/// Whether `name` is one that an unfinished upload may have.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// The path by which the kernel knows an open file, to link or change what has no name.
pub(super) fn proc_path(fd: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

fn link(file: &File, to: &Spot) -> Result<(), Errno> {
    // By the descriptor itself, which costs half as much. Before Linux 6.10 only root may.
    static REFUSED: AtomicBool = AtomicBool::new(false);
    if !REFUSED.load(Ordering::Relaxed) {
        match linkat(file, c"", &to.dir, &to.name, AtFlags::EMPTY_PATH) {
            Err(Errno::NOENT | Errno::PERM | Errno::INVAL) => {}
            result => return result,
        }
    }
    linkat(CWD, proc_path(file), &to.dir, &to.name, AtFlags::SYMLINK_FOLLOW)?;
    REFUSED.store(true, Ordering::Relaxed);
    Ok(())
}

/// Without `/proc`, as in some bare chroots, a file with no name can never get one. Asked until it was there once.
fn can_be_linked(file: &OwnedFd) -> bool {
    static PROC: OnceLock<()> = OnceLock::new();
    if PROC.get().is_some() {
        return true;
    }
    let seen = statat(CWD, proc_path(file), AtFlags::empty()).is_ok();
    if seen {
        PROC.get_or_init(|| ());
    }
    seen
}

fn hidden_beside(spot: &Spot) -> Result<Spot, Errno> {
    Ok(Spot { dir: Arc::clone(&spot.dir), name: hidden_name()? })
}

/// A name that listings hide, and that nobody else has.
pub(super) fn hidden_name() -> Result<Vec<u8>, Errno> {
    let random = getrandom::u64().map_err(|_| Errno::IO)?;
    let digits = format!("{random:0DIGITS$x}");
    Ok([PREFIX, digits.as_bytes(), SUFFIX].concat())
}

const PREFIX: &[u8] = b".ftp-";
const SUFFIX: &[u8] = b".part";
const DIGITS: usize = 16;
/// Until it is committed it is nobody else's to see.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use super::*;

    fn spot(dir: &Path, name: &[u8]) -> Spot {
        Spot { dir: Arc::new(File::open(dir).unwrap().into()), name: name.to_vec() }
    }

    fn names(dir: &Path) -> Vec<Vec<u8>> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_encoded_bytes()).collect()
    }

    #[test]
    fn temporary_names_are_known_again_and_others_are_not() {
        assert!(is_temporary(b".ftp-0123456789abcdef.part"));
        for other in [&b".ftp-.part"[..], b".ftp-notes.part", b"ftp-0123456789abcdef.part", b".ftp-0123456789abcdef"] {
            assert!(!is_temporary(other));
        }
    }

    #[test]
    fn without_nameless_files_a_hidden_name_does() {
        let dir = tempfile::tempdir().unwrap();
        let spot = spot(dir.path(), b"a");
        let (aside, mut file) = Aside::named(&spot).unwrap();
        file.write_all(b"new").unwrap();
        assert!(names(dir.path()).iter().all(|name| is_temporary(name)));
        aside.place(&file, &spot, Replace::Refused, Taken::No).unwrap();
        assert_eq!(names(dir.path()), [b"a"]);
        let (aside, file) = Aside::named(&spot).unwrap();
        assert_eq!(aside.place(&file, &spot, Replace::Refused, Taken::No), Err(Errno::EXIST));
        let (aside, file) = Aside::named(&spot).unwrap();
        assert_eq!(names(dir.path()).len(), 2);
        aside.place(&file, &spot, Replace::Allowed, Taken::Yes).unwrap();
        drop(Aside::named(&spot).unwrap());
        assert_eq!(names(dir.path()), [b"a"]);
        assert!(fs::read(dir.path().join("a")).unwrap().is_empty());
    }

    #[test]
    fn nameless_files_leave_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let spot = spot(dir.path(), b"a");
        for replace in [Replace::Refused, Replace::Allowed] {
            let (aside, file) = Aside::make(&spot).unwrap();
            aside.place(&file, &spot, replace, Taken::No).unwrap();
            assert_eq!(names(dir.path()), [b"a"]);
        }
        fs::create_dir(dir.path().join("d")).unwrap();
        let at_dir = Spot { name: b"d".to_vec(), ..spot };
        for taken in [Taken::Yes, Taken::No] {
            let (aside, file) = Aside::make(&at_dir).unwrap();
            assert_eq!(aside.place(&file, &at_dir, Replace::Allowed, taken), Err(Errno::ISDIR));
        }
        // Whatever was thought of the name.
        for (name, taken) in [(b"a", Taken::Yes), (b"a", Taken::No), (b"b", Taken::Yes)] {
            let spot = Spot { name: name.to_vec(), ..at_dir.clone() };
            let (aside, file) = Aside::make(&spot).unwrap();
            aside.place(&file, &spot, Replace::Allowed, taken).unwrap();
        }
        fs::remove_file(dir.path().join("b")).unwrap();
        assert_eq!(names(dir.path()).len(), 2);
    }
}
