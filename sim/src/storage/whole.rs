//! Operations on whole files and trees.

use std::sync::Arc;

use ftp_proto::outcome::{Digest, TreeSize};
use ftp_proto::storage::{HashAlgorithm, Replace};
use ftp_proto::{Failure, VirtualPath};

use super::tree::{Body, Content, Edit, Id, Names, Sync, Tree};

impl Tree {
    pub(super) fn remove(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        let place = self.walk(path)?;
        self.content(place.node.ok_or(Failure::NotFound)?)?;
        self.change(vec![place.becomes(None)], Sync::AsConfigured)
    }

    pub(super) fn remove_dir(&mut self, path: &VirtualPath, all: All) -> Result<(), Failure> {
        let place = self.walk(path)?;
        let names = self.names(place.node.ok_or(Failure::NotFound)?)?;
        if place.is_root() {
            return Err(Failure::PermissionDenied);
        }
        if all == All::No && !names.is_empty() {
            return Err(Failure::NotEmpty);
        }
        self.change(vec![place.becomes(None)], Sync::AsConfigured)
    }

    pub(super) fn make_dir(&mut self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let place = self.walk(path)?;
        if place.node.is_some() {
            return Err(Failure::Exists);
        }
        let id = self.add(Body::Directory(Names::new()), permissions & 0o7777);
        self.change(vec![place.becomes(Some(id))], Sync::AsConfigured)
    }

    pub(super) fn make_dirs(&mut self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let mut at = VirtualPath::root();
        for name in path.components() {
            at = at.join(name).ok_or(Failure::NameNotAllowed)?;
            match self.make_dir(&at, permissions) {
                Err(Failure::Exists) => drop(self.names(self.find(&at)?)?),
                made => made?,
            }
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let (old, new) = (self.walk(from)?, self.walk(to)?);
        let moved = old.node.ok_or(Failure::NotFound)?;
        if old.is_root() {
            return Err(Failure::PermissionDenied);
        }
        match new.node {
            Some(there) if self.is_directory(there) || self.is_directory(moved) => return Err(Failure::Exists),
            Some(_) if replace == Replace::Refused => return Err(Failure::Exists),
            Some(there) if there == moved => return Ok(()),
            // A directory cannot move into itself.
            None if to.starts_with(from) => return Err(Failure::NameNotAllowed),
            Some(_) | None => {}
        }
        self.change(vec![old.becomes(None), new.becomes(Some(moved))], Sync::AsConfigured)
    }

    pub(super) fn copy(&mut self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let id = self.find_file(from)?;
        let place = self.walk(to)?;
        let mut mode = self.mode(id) & 0o777;
        if let Some(old) = place.node {
            self.content(old)?;
            if replace == Replace::Refused {
                return Err(Failure::Exists);
            }
            mode = self.mode(old) & 0o777;
        }
        let bytes = self.content(id)?.bytes.clone();
        let copy = self.add_file(bytes, mode)?;
        self.change(vec![place.becomes(Some(copy))], Sync::AsConfigured)
    }

    /// Joins `parts` behind what `target` holds, and removes them: one change, since there is no second copy.
    pub(super) fn combine(&mut self, target: &VirtualPath, parts: &[VirtualPath]) -> Result<(), Failure> {
        let place = self.walk(target)?;
        let mut ids: Vec<Id> = place.node.into_iter().collect();
        let mut gone: Vec<Edit> = Vec::with_capacity(parts.len());
        for part in parts {
            let id = self.find_file(part)?;
            if ids.contains(&id) {
                return Err(Failure::NameNotAllowed);
            }
            ids.push(id);
            gone.push(self.walk(part)?.becomes(None));
        }
        let mode = self.mode(*ids.first().ok_or(Failure::NotFound)?) & 0o777;
        let mut whole = Vec::new();
        for id in ids {
            whole.extend_from_slice(&self.content(id)?.bytes);
        }
        let whole = self.add_file(whole, mode)?;
        let mut edits = vec![place.becomes(Some(whole))];
        edits.append(&mut gone);
        self.change(edits, Sync::AsConfigured)
    }

    /// A file that has no name yet.
    pub(super) fn add_file(&mut self, bytes: Vec<u8>, mode: u32) -> Result<Id, Failure> {
        self.room_for(bytes.len() as u64)?;
        self.used += bytes.len() as u64;
        Ok(self.add(Body::File(Content { bytes, durable: None }), mode))
    }

    pub(super) fn tree_size(&self, path: &VirtualPath) -> Result<TreeSize, Failure> {
        let top = self.find(path)?;
        self.names(top)?;
        let mut ahead = vec![top];
        let mut bytes = 0_u64;
        while let Some(id) = ahead.pop() {
            match self.names(id) {
                Ok(names) => ahead.extend(names.values().copied()),
                Err(_) => bytes = bytes.saturating_add(self.size(id)),
            }
        }
        Ok(TreeSize { bytes })
    }

    /// No real digest, but as long as one, and another for other bytes or another algorithm.
    pub(super) fn hash(
        &self,
        path: &VirtualPath,
        algorithm: HashAlgorithm,
        (from, to): (u64, Option<u64>),
    ) -> Result<Digest, Failure> {
        let bytes = &self.content(self.find_file(path)?)?.bytes;
        let to = to.unwrap_or(bytes.len() as u64);
        let at = |offset: u64| usize::try_from(offset).map_err(|_| Failure::BadOffset);
        let range = bytes.get(at(from)?..at(to)?).ok_or(Failure::BadOffset)?;
        Ok(Digest { bytes: digest(range, algorithm), to })
    }
}

/// Whether a directory is removed with all that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum All {
    Yes,
    No,
}

/// FNV-1a, drawn out to the length of the digest that it stands for.
fn digest(bytes: &[u8], algorithm: HashAlgorithm) -> Arc<[u8]> {
    let length = match algorithm {
        HashAlgorithm::Crc32 => 4,
        HashAlgorithm::Md5 => 16,
        HashAlgorithm::Sha1 => 20,
        HashAlgorithm::Sha512 => 64,
        _ => 32,
    };
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut sum = step(0xcbf2_9ce4_8422_2325, algorithm as u8);
    sum = bytes.iter().fold(sum, |sum, byte| step(sum, *byte));
    let drawn = (0..length).map(|_| {
        sum = step(sum, 0);
        (sum >> 32) as u8
    });
    drawn.collect()
}
