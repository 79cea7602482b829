//! The files that are served: made by a seed, in memory, in a directory of this run's own.
//!
//! ```text
//! /dev/shm/ftp-bench-PID/   tree/large.bin  verify.bin  small/f0000…  list/COUNT/f0000000…  sizes/BYTES  incoming/
//!                           work/           configurations, certificate
//! ```

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::client::tls::Certificate;

/// How large things are.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of the large file.
    pub large: u64,
    /// Bytes of the one that is verified with many streams.
    pub verify: u64,
    /// How many small files there are.
    pub small: u64,
}

/// Bytes of a small file.
pub const SMALL: u64 = 1024;

/// The directory, which goes with this value.
#[derive(Debug)]
pub struct Fixture {
    base: PathBuf,
    /// The certificate that every server shows.
    pub certificate: Certificate,
    /// How large things are.
    pub sizes: Sizes,
    seed: u64,
}

impl Fixture {
    /// Makes it beneath `parent`, which should be in memory.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn make(parent: &Path, sizes: Sizes, seed: u64) -> io::Result<Self> {
        let base = parent.join(format!("{PREFIX}{}-{seed}", std::process::id()));
        fs::create_dir(&base)?;
        fs::set_permissions(&base, Permissions::from_mode(0o755))?;
        // From here on it is removed whatever fails.
        let removed = Removed(Some(base.clone()));
        for (name, mode) in [("tree", 0o777), ("tree/small", 0o777), ("tree/incoming", 0o777), ("work", 0o700)] {
            directory(&base.join(name), mode)?;
        }
        directory(&base.join("empty"), 0o555)?;
        let certificate = Certificate::make(&base.join("work"))?;
        let fixture = Self { base, certificate, sizes, seed };
        removed.keep();
        fixture.file("large.bin", sizes.large, 1)?;
        fixture.file("verify.bin", sizes.verify, 2)?;
        for index in 0..sizes.small {
            fixture.file(&small(index), SMALL, 3 + index)?;
        }
        Ok(fixture)
    }

    /// What is served.
    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.base.join("tree")
    }

    /// Where configurations are written; nobody else may look.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.base.join("work")
    }

    /// A directory where nothing is and nothing can be put.
    #[must_use]
    pub fn empty(&self) -> PathBuf {
        self.base.join("empty")
    }

    /// Where a file of the tree is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.tree().join(name)
    }

    /// A directory of `entries` empty files; gives its name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn list(&self, entries: u64) -> io::Result<String> {
        let name = format!("list/{entries}");
        let path = self.path(&name);
        if !path.exists() {
            directory(&path, 0o777)?;
            for index in 0..entries {
                File::create(path.join(entry(index)))?;
            }
        }
        Ok(name)
    }

    /// A file of `bytes` with nothing in it but holes; gives its name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sparse(&self, bytes: u64) -> io::Result<String> {
        let name = format!("sizes/{bytes}");
        let path = self.path(&name);
        if !path.exists() {
            directory(&self.path("sizes"), 0o777)?;
            File::create(&path)?.set_len(bytes)?;
            fs::set_permissions(&path, Permissions::from_mode(0o666))?;
        }
        Ok(name)
    }

    /// Removes what was uploaded.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.path("incoming"))? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    fn file(&self, name: &str, bytes: u64, which: u64) -> io::Result<()> {
        let path = self.path(name);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_mul(1 << 20).wrapping_add(which));
        let mut file = File::create(&path)?;
        let mut piece = vec![0; 1 << 20];
        let mut left = bytes;
        while left > 0 {
            random.fill_bytes(&mut piece);
            let length = usize::try_from(left.min(piece.len() as u64)).unwrap_or(piece.len());
            file.write_all(piece.get(..length).unwrap_or_default())?;
            left -= length as u64;
        }
        fs::set_permissions(&path, Permissions::from_mode(0o666))
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

/// The name of a small file.
#[must_use]
pub fn small(index: u64) -> String {
    format!("small/f{index:04}")
}

/// The name of an entry of a directory that is listed.
#[must_use]
pub fn entry(index: u64) -> String {
    format!("f{index:07}.dat")
}

/// The hash of a file, and how long it is.
///
/// # Errors
/// Those of reading.
pub fn hash_of(path: &Path) -> io::Result<(blake3::Hash, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 20];
    let mut all = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((hasher.finalize(), all));
        }
        hasher.update(piece.get(..read).unwrap_or_default());
        all += read as u64;
    }
}

/// Removes what earlier runs left that were killed.
pub fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let owner = rest.split('-').next().and_then(|owner| owner.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn directory(path: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A directory that is removed, unless it is kept.
struct Removed(Option<PathBuf>);

impl Removed {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// How the directories are named: with the number of the process that made them behind it.
const PREFIX: &str = "ftp-bench-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_files_and_nothing_stays() {
        let parent = tempfile::tempdir().unwrap();
        let sizes = Sizes { large: 3_000_001, verify: 17, small: 3 };
        let hash = |seed| {
            let fixture = Fixture::make(parent.path(), sizes, seed).unwrap();
            fixture.list(12).unwrap();
            fixture.sparse(1 << 32).unwrap();
            assert_eq!(fs::read_dir(fixture.path("list/12")).unwrap().count(), 12);
            hash_of(&fixture.path("large.bin")).unwrap()
        };
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1).0, hash(2).0);
        assert_eq!(hash(1).1, 3_000_001);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
