//! Parts that are joined: the whole is made aside, and takes its place at once.

use std::sync::Arc;

use ftp_proto::{Failure, VirtualPath};

use super::MemoryDisk;
use super::files::Content;
use super::tree::{Id, LastLink, Node};
use crate::storage::Cancel;

/// What COMB makes, and what had its name before.
struct Joined {
    content: Arc<Content>,
    /// The target and its size.
    before: Option<(Id, u64)>,
    /// What had each part's name: a link is removed itself.
    named: Vec<Option<Id>>,
}

impl MemoryDisk {
    /// Joins `parts` behind what `target` holds, and removes them.
    pub(super) fn join(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        let (whole, permissions) = self.joined(target, parts, cancel)?;
        let mut tree = self.tree();
        let place = tree.walk(target, LastLink::Followed)?;
        // Nobody may have written to the target meanwhile, nor given a name to another file.
        let size = place.node.map(|id| tree.content(id).map(|content| content.size())).transpose()?;
        if place.node.zip(size) != whole.before {
            return Err(Failure::Busy);
        }
        let mut places = Vec::with_capacity(parts.len());
        for (part, named) in parts.iter().zip(whole.named) {
            let place = tree.walk(part, LastLink::Itself)?;
            if place.node != named {
                return Err(Failure::Busy);
            }
            places.push(place);
        }
        if place.node.is_some() {
            tree.remove(&place);
        }
        tree.add(&place, Node::file(whole.content, permissions))?;
        places.iter().for_each(|place| tree.remove(place));
        Ok(())
    }

    /// The content of `target` and all of `parts`, and the permission bits for it.
    fn joined(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(Joined, u32), Failure> {
        let (before, named, files, permissions) = {
            let tree = self.tree();
            let before = tree.walk(target, LastLink::Followed)?.node;
            let mut ids: Vec<Id> = before.into_iter().collect();
            for part in parts {
                let id = tree.find(part)?;
                if ids.contains(&id) {
                    return Err(Failure::NameNotAllowed);
                }
                ids.push(id);
            }
            let files: Vec<Arc<Content>> = ids.iter().map(|id| tree.content(*id)).collect::<Result<_, _>>()?;
            let named = parts.iter().map(|part| Ok(tree.walk(part, LastLink::Itself)?.node));
            let named = named.collect::<Result<_, Failure>>()?;
            let first = *ids.first().ok_or(Failure::NotFound)?;
            let before = before.zip(files.first().map(|file| file.size()));
            (before, named, files, tree.metadata(first).mode & 0o777)
        };
        let content = self.new_content(files.iter().map(|file| file.size()).sum())?;
        let mut end = 0;
        for file in files {
            let mut at = 0;
            loop {
                cancel.check()?;
                let bytes = file.read(at, STEP);
                if bytes.is_empty() {
                    break;
                }
                content.write(end, &bytes)?;
                at += bytes.len() as u64;
                end += bytes.len() as u64;
            }
        }
        Ok((Joined { content, before, named }, permissions))
    }
}

/// How much is copied between two looks at whether to end.
pub(super) const STEP: usize = 1 << 20;
