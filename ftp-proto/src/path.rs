//! Paths as the client sees them.
//!
//! A [`VirtualPath`] is made by parsing and is then known to be good: absolute, normalised, bounded, free of
//! NUL, CR and LF. It is bytes, since RFC 2640 §2 lets a server hold names in any encoding.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use memchr::memchr3;

/// An absolute path in the client's view of the storage, `/` being its root.
///
/// Holds no `.`, `..`, empty component, NUL, CR or LF, and ends in no slash unless it is the root. Cloning is
/// cheap: clones share their bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualPath(Arc<[u8]>);

/// Why bytes are not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing was given.
    #[error("the path is empty")]
    Empty,
    /// NUL, CR or LF stands in it: each ends or splits a line or a C string somewhere.
    #[error("the path holds NUL, CR or LF")]
    ForbiddenByte,
    /// The resolved path is longer than the limit.
    #[error("the path is too long")]
    TooLong,
}

impl VirtualPath {
    /// `/`.
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::from(&b"/"[..]))
    }

    /// Parses an absolute path; a relative one is taken from the root.
    ///
    /// # Errors
    /// See [`PathError`]. The longest path is 4,096 bytes.
    pub fn parse(path: &[u8]) -> Result<Self, PathError> {
        Self::root().resolve(path, 4096)
    }

    /// The path that `argument` names when this is the working directory: absolute when it begins with a slash,
    /// else relative. `..` at the root stays at the root.
    ///
    /// # Errors
    /// See [`PathError`]; the result is at most `limit` bytes long.
    pub fn resolve(&self, argument: &[u8], limit: usize) -> Result<Self, PathError> {
        if argument.is_empty() {
            return Err(PathError::Empty);
        }
        if memchr3(0, b'\r', b'\n', argument).is_some() {
            return Err(PathError::ForbiddenByte);
        }
        // Made on the stack where it is as short as most are: only the result goes to the heap.
        let longest = self.0.len() + argument.len() + 1;
        let (mut short, mut long) = ([0; 256], Vec::new());
        let path = match short.get_mut(..longest) {
            Some(short) => short,
            None => {
                long.resize(longest, 0);
                &mut long
            }
        };
        let mut end = 0;
        if argument.first() != Some(&b'/') && !self.is_root() {
            end = self.0.len();
            path[..end].copy_from_slice(&self.0);
        }
        for component in argument.split(|b| *b == b'/') {
            match component {
                b"" | b"." => {}
                b".." => end = path[..end].iter().rposition(|b| *b == b'/').unwrap_or(0),
                name => {
                    path[end] = b'/';
                    path[end + 1..][..name.len()].copy_from_slice(name);
                    end += 1 + name.len();
                }
            }
        }
        if end == 0 {
            return Ok(Self::root());
        }
        if end > limit {
            return Err(PathError::TooLong);
        }
        Ok(Self(Arc::from(&path[..end])))
    }

    /// This directory's entry `name`, as the storage listed it; `None` when `name` could not be an entry.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Option<Self> {
        if matches!(name, b"." | b"..") || name.contains(&b'/') {
            return None;
        }
        self.resolve(name, usize::MAX).ok()
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        &*self.0 == b"/"
    }

    /// The whole path, beginning with a slash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path without its first slash: what a storage resolves beneath its root. Empty for the root.
    #[must_use]
    pub fn relative(&self) -> &[u8] {
        self.0.get(1..).unwrap_or_default()
    }

    /// The components, from the root down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/').filter(|c| !c.is_empty())
    }

    /// The last component; `None` for the root.
    #[must_use]
    pub fn file_name(&self) -> Option<&[u8]> {
        self.components().next_back()
    }

    /// The directory that holds this; the root holds itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self.0.iter().rposition(|b| *b == b'/') {
            None | Some(0) => Self::root(),
            Some(at) => Self(Arc::from(self.0.get(..at).unwrap_or(b"/"))),
        }
    }

    /// Whether this is `ancestor` or lies beneath it.
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || self.0.strip_prefix(&*ancestor.0).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    }
}

impl fmt::Debug for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Display for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                write!(f, "{}", if c.is_control() { '?' } else { c })?;
            }
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(cwd: &str, argument: &str) -> alloc::string::String {
        let cwd = VirtualPath::parse(cwd.as_bytes()).unwrap();
        alloc::format!("{}", cwd.resolve(argument.as_bytes(), 64).unwrap())
    }

    #[test]
    fn resolves_against_the_working_directory() {
        assert_eq!(resolve("/", "a"), "/a");
        assert_eq!(resolve("/a", "b"), "/a/b");
        assert_eq!(resolve("/a", "/b"), "/b");
        assert_eq!(resolve("/a/b", "../c/./d//e/"), "/a/c/d/e");
        assert_eq!(resolve("/a", "."), "/a");
        assert_eq!(resolve("/a", " b "), "/a/ b ");
    }

    #[test]
    fn dot_dot_chains_stop_at_the_root() {
        assert_eq!(resolve("/a/b", "../../../../etc/passwd"), "/etc/passwd");
        assert_eq!(resolve("/", ".."), "/");
        assert_eq!(resolve("/a", "/../../.."), "/");
    }

    #[test]
    fn refuses_what_would_split_a_line_or_a_c_string() {
        for bad in [&b"a\0b"[..], b"a\rb", b"a\nb"] {
            assert_eq!(VirtualPath::parse(bad), Err(PathError::ForbiddenByte));
        }
        assert_eq!(VirtualPath::parse(b""), Err(PathError::Empty));
        assert_eq!(VirtualPath::root().resolve(&[b'x'; 64], 64), Err(PathError::TooLong));
        assert!(VirtualPath::root().resolve(&[b'x'; 63], 64).is_ok());
    }

    #[test]
    fn knows_its_family() {
        let path = VirtualPath::parse(b"/a/b/c").unwrap();
        assert_eq!(path.parent(), VirtualPath::parse(b"/a/b").unwrap());
        assert_eq!(path.file_name(), Some(&b"c"[..]));
        assert_eq!(VirtualPath::root().parent(), VirtualPath::root());
        assert_eq!(VirtualPath::root().file_name(), None);
        assert!(path.starts_with(&path.parent()));
        assert!(!VirtualPath::parse(b"/a/bc").unwrap().starts_with(&path.parent()));
        assert_eq!(path.join(b".."), None);
        assert_eq!(path.join(b"x/y"), None);
    }
}
