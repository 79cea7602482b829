//! The paths that an operation of the storage names: none of them may lead out of the root.

use ftp_proto::{StorageAction, VirtualPath};

/// All paths of it.
pub(super) fn of(action: &StorageAction) -> Vec<&VirtualPath> {
    use StorageAction as S;
    match action {
        S::Stat { path, .. }
        | S::OpenDir { path, .. }
        | S::OpenRead { path, .. }
        | S::OpenWrite { path, .. }
        | S::Remove { path, .. }
        | S::RemoveDir { path, .. }
        | S::MakeDir { path, .. }
        | S::SetTimes { path, .. }
        | S::SetMode { path, .. }
        | S::Space { path, .. }
        | S::Hash { path, .. }
        | S::TreeSize { path, .. }
        | S::MakeDirs { path, .. }
        | S::RemoveTree { path, .. }
        | S::SetOwner { path, .. }
        | S::Prepare { path, .. } => vec![path],
        S::Rename { from, to, .. } | S::Copy { from, to, .. } => vec![from, to],
        S::Symlink { target, link, .. } => vec![target, link],
        S::Combine { target, parts, .. } => parts.iter().chain([target]).collect(),
        S::ReadDir { .. }
        | S::CloseDir(_)
        | S::Read { .. }
        | S::Write { .. }
        | S::Finish { .. }
        | S::CloseFile(_)
        | S::Quota { .. } => Vec::new(),
    }
}

/// Whether a path is absolute, with nothing in it that a storage might take for a way up.
pub(super) fn is_normal(path: &VirtualPath) -> bool {
    let names = |path: &[u8]| path.split(|byte| *byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."));
    let bytes = path.as_bytes();
    let clean = !bytes.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
    clean && (bytes == b"/" || bytes.strip_prefix(b"/").is_some_and(names))
}
