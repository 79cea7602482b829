//! The names and what they stand for: nodes, directories, and the changes of names that are not yet durable.
//!
//! Nodes are in a table, and directories hold numbers: so a file that was replaced stays what it was for whoever reads
//! it, and a change of names can be taken back by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use ftp_proto::storage::{FileKind, Metadata};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};

use super::Held;
use super::power::Durability;

pub(super) type Id = u64;
pub(super) type Names = BTreeMap<Arc<[u8]>, Id>;

/// All that there is.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: BTreeMap<Id, Node>,
    next: Id,
    pub(super) durability: Durability,
    /// Changes of names that may yet be lost, the oldest first.
    pub(super) unsynced: Vec<Change>,
    pub(super) capacity: Option<u64>,
    pub(super) used: u64,
    pub(super) now: UnixTime,
}

/// A file or directory.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    /// Whether it has a name, and all above it.
    pub(super) linked: bool,
    /// How many have it open.
    pub(super) opens: u32,
    pub(super) mode: u32,
    pub(super) created: UnixTime,
    pub(super) modified: UnixTime,
    pub(super) owner: Option<Arc<str>>,
    pub(super) group: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) enum Body {
    File(Content),
    Directory(Names),
}

/// A file's bytes.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// What of it is durable, where that is something else.
    pub(super) durable: Option<Vec<u8>>,
}

/// One change of names: all of it is made durable, or nothing.
#[derive(Debug)]
pub(super) struct Change(pub(super) Vec<Edit>);

/// One name gets another meaning.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) dir: Id,
    pub(super) name: Arc<[u8]>,
    pub(super) before: Option<Id>,
    pub(super) after: Option<Id>,
}

/// Whether a change of names is made durable as the durability is, or by a later commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    AsConfigured,
    WithCommit,
}

/// Where a path leads: all but its last name is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    dir: Id,
    /// Empty for the root.
    name: &'a [u8],
    pub(super) node: Option<Id>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut this = Self {
            nodes: BTreeMap::new(),
            next: ROOT,
            durability: Durability::OnCommit,
            unsynced: Vec::new(),
            capacity: None,
            used: 0,
            now: UnixTime::default(),
        };
        let root = this.add(Body::Directory(Names::new()), 0o755);
        if let Some(root) = this.nodes.get_mut(&root) {
            root.linked = true;
        }
        this
    }

    /// A node that has no name yet.
    pub(super) fn add(&mut self, body: Body, mode: u32) -> Id {
        let id = self.next;
        self.next += 1;
        let (created, modified) = (self.now, self.now);
        let node = Node { body, linked: false, opens: 0, mode, created, modified, owner: None, group: None };
        self.nodes.insert(id, node);
        id
    }

    /// Walks to the last name of `path`.
    pub(super) fn walk<'a>(&self, path: &'a VirtualPath) -> Result<Place<'a>, Failure> {
        let mut place = Place { dir: ROOT, name: b"", node: Some(ROOT) };
        for name in path.components() {
            let dir = place.node.ok_or(Failure::NotFound)?;
            if name.len() > LONGEST_NAME {
                return Err(Failure::NameNotAllowed);
            }
            place = Place { dir, name, node: self.names(dir)?.get(name).copied() };
        }
        Ok(place)
    }

    /// What is at `path`.
    pub(super) fn find(&self, path: &VirtualPath) -> Result<Id, Failure> {
        self.walk(path)?.node.ok_or(Failure::NotFound)
    }

    /// The file at `path`.
    pub(super) fn find_file(&self, path: &VirtualPath) -> Result<Id, Failure> {
        let id = self.find(path)?;
        self.content(id).map(|_| id)
    }

    pub(super) fn names(&self, id: Id) -> Result<&Names, Failure> {
        match self.nodes.get(&id).map(|node| &node.body) {
            Some(Body::Directory(names)) => Ok(names),
            Some(Body::File(_)) => Err(Failure::NotADirectory),
            None => Err(Failure::NotFound),
        }
    }

    pub(super) fn content(&self, id: Id) -> Result<&Content, Failure> {
        match self.nodes.get(&id).map(|node| &node.body) {
            Some(Body::File(content)) => Ok(content),
            Some(Body::Directory(_)) => Err(Failure::IsADirectory),
            None => Err(Failure::NotFound),
        }
    }

    pub(super) fn content_mut(&mut self, id: Id) -> Result<&mut Content, Failure> {
        match self.nodes.get_mut(&id).map(|node| &mut node.body) {
            Some(Body::File(content)) => Ok(content),
            Some(Body::Directory(_)) => Err(Failure::IsADirectory),
            None => Err(Failure::NotFound),
        }
    }

    pub(super) fn node_mut(&mut self, path: &VirtualPath) -> Result<&mut Node, Failure> {
        let id = self.find(path)?;
        self.nodes.get_mut(&id).ok_or(Failure::NotFound)
    }

    pub(super) fn is_directory(&self, id: Id) -> bool {
        self.names(id).is_ok()
    }

    pub(super) fn size(&self, id: Id) -> u64 {
        self.content(id).map_or(0, |content| content.bytes.len() as u64)
    }

    pub(super) fn mode(&self, id: Id) -> u32 {
        self.nodes.get(&id).map_or(0, |node| node.mode)
    }

    pub(super) fn metadata(&self, id: Id) -> Result<Metadata, Failure> {
        let node = self.nodes.get(&id).ok_or(Failure::NotFound)?;
        let mut metadata = Metadata::directory(node.modified);
        if let Body::File(content) = &node.body {
            (metadata.kind, metadata.size) = (FileKind::File, content.bytes.len() as u64);
        }
        metadata.mode = node.mode;
        metadata.created = Some(node.created);
        metadata.unique = Some((0, id));
        metadata.uid = node.owner.as_ref().and_then(|owner| owner.parse().ok()).unwrap_or(0);
        metadata.gid = node.group.as_ref().and_then(|group| group.parse().ok()).unwrap_or(0);
        (metadata.owner, metadata.group) = (node.owner.clone(), node.group.clone());
        Ok(metadata)
    }

    /// Changes what names mean, all at once. Whoever has no name any more is gone once nobody has it open.
    pub(super) fn change(&mut self, edits: Vec<Edit>, sync: Sync) -> Result<(), Failure> {
        // A directory may have been removed since an upload into it began.
        if edits.iter().any(|edit| !self.nodes.get(&edit.dir).is_some_and(|dir| dir.linked)) {
            return Err(Failure::NotFound);
        }
        for edit in &edits {
            self.set_name(edit.dir, &edit.name, edit.after);
        }
        for gone in edits.iter().filter_map(|edit| edit.before) {
            if !edits.iter().any(|edit| edit.after == Some(gone)) {
                self.unlink(gone);
            }
        }
        for named in edits.iter().filter_map(|edit| edit.after) {
            if let Some(node) = self.nodes.get_mut(&named) {
                node.linked = true;
            }
        }
        match (self.durability, sync) {
            (Durability::OnCommit, Sync::AsConfigured) => {
                self.unsynced.retain(|change| !change.0.iter().any(|one| edits.iter().any(|edit| edit.dir == one.dir)))
            }
            _ => self.unsynced.push(Change(edits)),
        }
        Ok(())
    }

    pub(super) fn set_name(&mut self, dir: Id, name: &Arc<[u8]>, node: Option<Id>) {
        let now = self.now;
        let Some(Node { body: Body::Directory(names), modified, .. }) = self.nodes.get_mut(&dir) else { return };
        *modified = now;
        match node {
            Some(node) => names.insert(Arc::clone(name), node),
            None => names.remove(name),
        };
    }

    /// It and all beneath it have no name any more.
    fn unlink(&mut self, id: Id) {
        let mut ahead = vec![id];
        while let Some(id) = ahead.pop() {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.linked = false;
            if let Body::Directory(names) = &node.body {
                ahead.extend(names.values().copied());
            }
            self.free(id);
        }
    }

    /// Frees what nobody can come to any more.
    pub(super) fn free(&mut self, id: Id) {
        // With names that may yet be lost, it may come back.
        let may_return = self.durability == Durability::Later;
        if !may_return && self.nodes.get(&id).is_some_and(|node| !node.linked && node.opens == 0) {
            self.drop_node(id);
        }
    }

    pub(super) fn drop_node(&mut self, id: Id) {
        self.used -= self.size(id);
        self.nodes.remove(&id);
    }

    /// Whether `more` bytes fit.
    pub(super) fn room_for(&self, more: u64) -> Result<(), Failure> {
        if more > self.available() { Err(Failure::NoSpace) } else { Ok(()) }
    }

    pub(super) fn available(&self) -> u64 {
        self.capacity.map_or(u64::MAX >> 1, |capacity| capacity.saturating_sub(self.used))
    }

    /// Everything, directories before what is in them.
    pub(super) fn all(&self) -> Vec<(VirtualPath, Held<'_>)> {
        let mut all = Vec::with_capacity(self.nodes.len());
        let mut ahead = vec![(VirtualPath::root(), ROOT)];
        while let Some((path, id)) = ahead.pop() {
            match self.nodes.get(&id).map(|node| &node.body) {
                Some(Body::File(content)) => all.push((path, Held::File(&content.bytes))),
                Some(Body::Directory(names)) => {
                    ahead.extend(names.iter().rev().filter_map(|(name, id)| Some((path.join(name)?, *id))));
                    all.push((path, Held::Directory));
                }
                None => {}
            }
        }
        all
    }

    pub(super) fn files(&self) -> u64 {
        self.nodes.values().filter(|node| node.linked && matches!(node.body, Body::File(_))).count() as u64
    }
}

impl Place<'_> {
    /// This name gets the meaning `after`.
    pub(super) fn becomes(&self, after: Option<Id>) -> Edit {
        Edit { dir: self.dir, name: self.name.into(), before: self.node, after }
    }

    pub(super) fn is_root(&self) -> bool {
        self.name.is_empty()
    }
}

pub(super) const ROOT: Id = 1;
const LONGEST_NAME: usize = 255;
