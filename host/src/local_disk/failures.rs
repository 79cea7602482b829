//! What the kernel's errors mean to the engine: one table.

use ftp_proto::Failure;
use rustix::io::Errno;

/// The failure that `errno` is.
pub(super) fn failure(errno: Errno) -> Failure {
    match errno {
        Errno::NOENT | Errno::STALE => Failure::NotFound,
        // XDEV is `openat2` saying that a link leaves the root; LOOP also stands for a link where none may be.
        Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::LOOP | Errno::XDEV | Errno::NXIO => {
            Failure::PermissionDenied
        }
        Errno::EXIST => Failure::Exists,
        Errno::NOTDIR => Failure::NotADirectory,
        Errno::ISDIR => Failure::IsADirectory,
        Errno::NOTEMPTY => Failure::NotEmpty,
        Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ => Failure::NameNotAllowed,
        Errno::NOSPC | Errno::FBIG => Failure::NoSpace,
        Errno::DQUOT => Failure::OverQuota,
        Errno::BUSY | Errno::TXTBSY | Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => Failure::Busy,
        Errno::OPNOTSUPP | Errno::NOSYS => Failure::Unsupported,
        _ => Failure::Io,
    }
}

/// The same for an error of the standard library.
pub(super) fn io_failure(error: &std::io::Error) -> Failure {
    Errno::from_io_error(error).map_or(Failure::Io, failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_full_quota() {
        assert_eq!(failure(Errno::NOSPC), Failure::NoSpace);
        assert_eq!(failure(Errno::DQUOT), Failure::OverQuota);
        assert_eq!(io_failure(&std::io::Error::from_raw_os_error(28)), Failure::NoSpace);
    }

    #[test]
    fn leaving_the_root_is_forbidden_rather_than_missing() {
        assert_eq!(failure(Errno::XDEV), Failure::PermissionDenied);
        assert_eq!(failure(Errno::LOOP), Failure::PermissionDenied);
    }

    #[test]
    fn what_nobody_foresaw_is_a_local_error() {
        assert_eq!(failure(Errno::IO), Failure::Io);
        assert_eq!(io_failure(&std::io::Error::other("no number")), Failure::Io);
    }
}
