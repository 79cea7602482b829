//! The users file: one user a line, `name:hash:access[:home]`.
//!
//! ```text
//! # name:hash made by `ftpd hash-password`:what may be done:where it begins
//! alice:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$…:rw
//! scanner:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$…:drop:/incoming
//! ```
//!
//! Blank lines and lines that begin with `#` are passed over.

use std::fs;
use std::path::Path;

use ftp_host::Password;
use ftp_proto::VirtualPath;

use crate::fault::Fault;
use crate::values::Access;

/// A user, as the file has it.
#[derive(Debug)]
pub(crate) struct FileUser {
    /// The name.
    pub(crate) name: String,
    /// The password's hash.
    pub(crate) password: Password,
    /// What the user may do.
    pub(crate) access: Access,
    /// The working directory after login.
    pub(crate) home: VirtualPath,
}

/// Reads the whole file; one broken line is a fault of it all, since a user left out in silence helps nobody.
pub(crate) fn read(path: &Path) -> Result<Vec<FileUser>, Fault> {
    let fault = |cause| Fault::Users { path: path.to_path_buf(), cause };
    let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(at, line)| parse(line).map_err(|cause| fault(format!("line {}: {cause}", at + 1)))).collect()
}

/// One line. Errors never quote it: a password may have been written where the hash belongs.
fn parse(line: &str) -> Result<FileUser, String> {
    let mut fields = line.splitn(4, ':');
    let mut next = || fields.next().unwrap_or_default();
    let (name, hash, access, home) = (next(), next(), next(), next());
    if name.is_empty() {
        return Err("there is no name".into());
    }
    let home = if home.is_empty() { "/" } else { home };
    Ok(FileUser {
        name: name.into(),
        password: Password::hashed(hash).map_err(|error| error.to_string())?,
        access: Access::from_word(access.trim_end()).ok_or("what the user may do is ro, rw or drop")?,
        home: VirtualPath::parse(home.as_bytes()).map_err(|error| error.to_string())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_user() {
        let hash = ftp_host::hash_password(b"secret");
        let user = parse(&format!("alice:{hash}:ro")).unwrap();
        assert_eq!((&*user.name, user.access, user.home.is_root()), ("alice", Access::ReadOnly, true));
        let user = parse(&format!("bob:{hash}:drop:/in:coming")).unwrap();
        assert_eq!((user.access, user.home.as_bytes()), (Access::Drop, &b"/in:coming"[..]));
    }

    #[test]
    fn a_broken_line_is_refused_without_quoting_it() {
        let hash = ftp_host::hash_password(b"secret");
        for bad in ["alice", "alice:hunter2:rw", &format!(":{hash}:rw"), &format!("alice:{hash}"), ":::"] {
            let error = parse(bad).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
