//! A list of users as a text file.
//!
//! ```text
//! # name : argon2id hash : ro, rw, drop or admin [: home]
//! alice:$argon2id$v=19$m=19456,t=2,p=1$…$…:rw:/alice
//! ```
//!
//! `admin` may do what `rw` may, and see who else is on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftp_proto::VirtualPath;
use ftp_proto::storage::Permissions;

use crate::accounts::{BadHash, Password, Users};
use crate::storage::Storage;

/// Why a users file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersFileError {
    /// It cannot be read, or is not UTF-8.
    #[error("cannot read the users file {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// One of its lines is wrong.
    #[error("the users file {}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, and what is wrong.
        problem: BadLine,
    },
}

/// A line that is not a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadLine {
    /// Which line, counting from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// Too few fields, or too many.
    #[error("expected name:hash:ro|rw|drop|admin[:home]")]
    Fields,
    /// The name is empty.
    #[error("the name is empty")]
    NoName,
    /// The name stands on an earlier line too.
    #[error("the user {0} is listed twice")]
    Twice(String),
    /// The second field is no hash, perhaps a password.
    #[error("the second field must be the password's hash, not the password: {0}")]
    Hash(#[from] BadHash),
    /// The third field is no preset.
    #[error("{0:?} is not one of ro, rw, drop and admin")]
    Permissions(String),
    /// The home directory is no path.
    #[error("the home directory must be an absolute path as clients see it, such as /alice, not {0:?}")]
    Home(String),
}

impl Users {
    /// Adds the users listed in the file at `path`, all on the same storage.
    ///
    /// # Errors
    /// When it cannot be read or a line is wrong; the text says what to mend.
    pub fn file(self, path: impl AsRef<Path>, storage: &Arc<dyn Storage>) -> Result<Self, UsersFileError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| UsersFileError::Unreadable { path: path.to_owned(), source })?;
        self.lines(&text, storage).map_err(|problem| UsersFileError::Line { path: path.to_owned(), problem })
    }

    /// Adds the users listed in `text`. Empty lines and those that begin with `#` mean nothing.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn lines(self, text: &str, storage: &Arc<dyn Storage>) -> Result<Self, BadLine> {
        let mut users = self;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                users = users.line(line, storage).map_err(|problem| BadLine { line: number + 1, problem })?;
            }
        }
        Ok(users)
    }

    fn line(self, line: &str, storage: &Arc<dyn Storage>) -> Result<Self, LineProblem> {
        let fields: Vec<&str> = line.split(':').collect();
        let (name, hash, preset, home) = match *fields {
            [name, hash, preset] => (name, hash, preset, "/"),
            [name, hash, preset, home] => (name, hash, preset, home),
            _ => return Err(LineProblem::Fields),
        };
        if name.is_empty() {
            return Err(LineProblem::NoName);
        }
        if self.contains(name) {
            return Err(LineProblem::Twice(name.to_owned()));
        }
        let permissions = match preset {
            "ro" => Permissions::READ_ONLY,
            "rw" => Permissions::READ_WRITE,
            "drop" => Permissions::DROP,
            "admin" => Permissions::READ_WRITE | Permissions::ADMIN,
            other => return Err(LineProblem::Permissions(other.to_owned())),
        };
        let parsed = VirtualPath::parse(home.as_bytes()).ok().filter(|_| home.starts_with('/'));
        let home = parsed.ok_or_else(|| LineProblem::Home(home.to_owned()))?;
        Ok(self.user_at(name, Password::hashed(hash)?, permissions, Arc::clone(storage), home))
    }
}

#[cfg(test)]
mod tests {
    use ftp_proto::action::Credentials;

    use super::*;
    use crate::accounts::Accounts;
    use crate::memory_disk::MemoryDisk;

    const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$6cSkOxkyUMT+dU4xKWvLDg";

    fn read(text: &str) -> Result<Users, String> {
        let storage: Arc<dyn Storage> = Arc::new(MemoryDisk::new());
        Users::new().lines(&text.replace("HASH", HASH), &storage).map_err(|error| error.to_string())
    }

    #[test]
    fn comments_and_empty_lines_mean_nothing() {
        let users = read("# users\n\n  alice:HASH:rw  \r\nbob:HASH:ro:/bob\n#carol:HASH:ro\n").unwrap();
        assert!(users.contains("alice") && users.contains("bob"));
        assert!(!users.contains("carol") && !users.contains("#carol"));
    }

    #[test]
    fn only_an_admin_may_see_who_is_on() {
        let (hash, storage) = (crate::hash_password(b"secret"), Arc::new(MemoryDisk::new()) as Arc<dyn Storage>);
        let users = Users::new().lines(&format!("root:{hash}:admin\nalice:{hash}:rw\n"), &storage).unwrap();
        let permissions = |name: &[u8]| {
            let given = Credentials::new(name, b"secret", ([192, 0, 2, 1], 40_000).into());
            users.authenticate(&given).unwrap().account.permissions
        };
        assert_eq!(permissions(b"root"), Permissions::READ_WRITE | Permissions::ADMIN);
        assert_eq!(permissions(b"alice"), Permissions::READ_WRITE);
    }

    #[test]
    fn errors_say_where_and_what() {
        let error = |text: &str| read(text).unwrap_err();
        assert_eq!(error("\nalice\n"), "line 2: expected name:hash:ro|rw|drop|admin[:home]");
        assert_eq!(error(":HASH:rw"), "line 1: the name is empty");
        assert_eq!(error("a:HASH:rw\na:HASH:ro"), "line 2: the user a is listed twice");
        assert_eq!(error("a:HASH:root"), "line 1: \"root\" is not one of ro, rw, drop and admin");
        assert!(error("a:HASH:rw:home").contains("absolute path"));
        assert!(error("a:secret:rw").contains("not the password"));
        assert!(!error("a:secret:rw").contains("secret"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(MemoryDisk::new());
        let error = Users::new().file(dir.path().join("users"), &storage).unwrap_err();
        assert!(error.to_string().contains("users: "));
    }
}
