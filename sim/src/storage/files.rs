//! Open files: read, written aside, or written in place.

use bytes::Bytes;
use ftp_proto::outcome::{Offload, Opened};
use ftp_proto::storage::{FinishHow, Replace, WriteMode};
use ftp_proto::{Failure, VirtualPath};

use super::tree::{Body, Content, Id, Sync, Tree};

/// A file that somebody has open.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) id: Id,
    path: VirtualPath,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Read,
    /// It has no name until it is committed.
    Aside {
        replace: Replace,
    },
    InPlace {
        /// Its size before; `None` when it was made for this upload.
        before: Option<u64>,
        /// Where it ended when this upload last wrote: what is behind that is somebody else's.
        end: u64,
    },
}

impl OpenFile {
    pub(super) fn read(tree: &mut Tree, path: VirtualPath) -> Result<(Self, Opened), Failure> {
        let id = tree.find_file(&path)?;
        Ok(Self { id, path, how: How::Read }.opened(tree))
    }

    pub(super) fn write(
        tree: &mut Tree,
        path: VirtualPath,
        mode: WriteMode,
        (permissions, expected): (u32, u64),
    ) -> Result<(Self, Opened), Failure> {
        let place = tree.walk(&path)?;
        if let Some(id) = place.node {
            tree.content(id)?;
        }
        let new = |tree: &mut Tree| tree.add(Body::File(Content::default()), permissions & 0o777);
        let (id, how) = match (mode, place.node) {
            (WriteMode::Create(Replace::Refused), Some(_)) => return Err(Failure::Exists),
            (WriteMode::At(1..), None) => return Err(Failure::NotFound),
            (WriteMode::At(offset), Some(id)) if offset > tree.size(id) => return Err(Failure::BadOffset),
            _ if expected > tree.available() => return Err(Failure::NoSpace),
            (WriteMode::Create(replace), _) => (new(tree), How::Aside { replace }),
            (_, Some(id)) => (id, How::InPlace { before: Some(tree.size(id)), end: tree.size(id) }),
            (_, None) => {
                let id = new(tree);
                let made = tree.change(vec![place.becomes(Some(id))], Sync::WithCommit);
                made.inspect_err(|_| tree.free(id))?;
                (id, How::InPlace { before: None, end: 0 })
            }
        };
        Ok(Self { id, path, how }.opened(tree))
    }

    fn opened(self, tree: &mut Tree) -> (Self, Opened) {
        if let Some(node) = tree.nodes.get_mut(&self.id) {
            node.opens += 1;
        }
        let size = tree.size(self.id);
        (self, Opened { size, offload: Offload::Impossible })
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.how, How::Read)
    }

    pub(super) fn read_at(&self, tree: &Tree, at: u64, max: usize) -> Result<Bytes, Failure> {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = tree.content(self.id)?.bytes.get(from..).unwrap_or_default();
        Ok(Bytes::copy_from_slice(rest.get(..max).unwrap_or(rest)))
    }

    pub(super) fn write_at(&mut self, tree: &mut Tree, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        let from = usize::try_from(at).map_err(|_| Failure::NoSpace)?;
        let end = from.checked_add(bytes.len()).ok_or(Failure::NoSpace)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let grown = (end as u64).saturating_sub(tree.size(self.id));
        tree.room_for(grown)?;
        tree.used += grown;
        let now = tree.now;
        let content = tree.content_mut(self.id)?;
        if matches!(self.how, How::InPlace { .. }) && content.durable.is_none() {
            content.durable = Some(content.bytes.clone());
        }
        if from == content.bytes.len() {
            content.bytes.extend_from_slice(bytes);
        } else {
            content.bytes.resize(content.bytes.len().max(end), 0);
            content.bytes[from..end].copy_from_slice(bytes);
        }
        if let How::InPlace { end: ours, .. } = &mut self.how {
            *ours = (*ours).max(end as u64);
        }
        if let Some(node) = tree.nodes.get_mut(&self.id) {
            node.modified = now;
        }
        Ok(())
    }

    /// Ends an upload; whatever the answer, the file is closed. A failed commit has discarded it.
    pub(super) fn finish(self, tree: &mut Tree, how: FinishHow) -> Result<(), Failure> {
        let result = match (self.how, how) {
            (How::Read, _) => Err(Failure::Unsupported),
            (How::Aside { replace }, FinishHow::Commit) => self.place(tree, replace),
            (How::Aside { .. }, FinishHow::Keep) => match self.place(tree, Replace::Refused) {
                // Someone has the name: what was there stays, and the part is forgotten.
                Err(Failure::Exists) => Ok(()),
                result => result,
            },
            (How::Aside { .. }, FinishHow::Discard) => Ok(()),
            (How::InPlace { before, end }, FinishHow::Discard) => {
                self.take_back(tree, before, end);
                Ok(())
            }
            (How::InPlace { .. }, FinishHow::Commit | FinishHow::Keep) => {
                tree.commit_in_place(self.id);
                Ok(())
            }
        };
        self.release(tree);
        result
    }

    /// Closes it; an upload is discarded.
    pub(super) fn close(self, tree: &mut Tree) {
        if self.is_read() {
            self.release(tree);
        } else {
            // To discard never fails.
            let _ = self.finish(tree, FinishHow::Discard);
        }
    }

    fn release(self, tree: &mut Tree) {
        if let Some(node) = tree.nodes.get_mut(&self.id) {
            node.opens = node.opens.saturating_sub(1);
        }
        // Nobody but us knew what never had a name: it cannot come back.
        match (self.how, tree.nodes.get(&self.id)) {
            (How::Aside { .. }, Some(node)) if !node.linked => tree.drop_node(self.id),
            _ => tree.free(self.id),
        }
    }

    fn place(&self, tree: &mut Tree, replace: Replace) -> Result<(), Failure> {
        let place = tree.walk(&self.path)?;
        if let Some(old) = place.node {
            match replace {
                Replace::Refused => return Err(Failure::Exists),
                Replace::Allowed if tree.is_directory(old) => return Err(Failure::IsADirectory),
                Replace::Allowed => {}
            }
            let mode = tree.mode(old) & 0o777;
            if let Some(node) = tree.nodes.get_mut(&self.id) {
                node.mode = mode;
            }
        }
        tree.change(vec![place.becomes(Some(self.id))], Sync::AsConfigured)
    }

    fn take_back(&self, tree: &mut Tree, before: Option<u64>, end: u64) {
        let Some(before) = before else {
            if let Ok(place) = tree.walk(&self.path)
                && place.node == Some(self.id)
            {
                // The directory that it was found in is there.
                let _ = tree.change(vec![place.becomes(None)], Sync::AsConfigured);
            }
            return;
        };
        // Another upload has gone on behind this one: its client was told that it is stored.
        if tree.size(self.id) > end {
            tree.commit_in_place(self.id);
            return;
        }
        let mut cut = 0;
        if let (Ok(content), Ok(before)) = (tree.content_mut(self.id), usize::try_from(before)) {
            cut = content.bytes.len().saturating_sub(before) as u64;
            if cut > 0 && content.durable.is_none() {
                content.durable = Some(content.bytes.clone());
            }
            content.bytes.truncate(before);
        }
        tree.used -= cut;
        tree.commit_in_place(self.id);
    }
}
