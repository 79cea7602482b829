//! The names: directories, links, and where a path leads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ftp_proto::storage::{FileKind, Metadata};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};

use super::files::Content;

/// A file, directory or link, whatever its names are.
pub(super) type Id = u64;

pub(super) type Names = BTreeMap<Bytes, Id>;

/// All that has a name.
pub(super) struct Tree {
    nodes: BTreeMap<Id, Node>,
    next: Id,
}

/// One thing that has a name.
pub(super) struct Node {
    pub(super) body: Body,
    pub(super) mode: u32,
    pub(super) created: UnixTime,
    modified: UnixTime,
}

/// What it is.
pub(super) enum Body {
    File(Arc<Content>),
    Directory(Names),
    /// Where it points, from the directory it stands in.
    Link(Arc<[u8]>),
}

/// Where a path leads.
pub(super) struct Place {
    /// The directories passed, from the root to the one that holds the name.
    pub(super) trail: Vec<Id>,
    /// Empty when the path is a directory on its own trail, such as the root.
    pub(super) name: Bytes,
    /// What has the name.
    pub(super) node: Option<Id>,
}

/// What a path means whose last name is a link's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastLink {
    Followed,
    Itself,
}

impl Node {
    pub(super) fn new(body: Body, mode: u32) -> Self {
        let now = now();
        Self { body, mode: mode & 0o7777, created: now, modified: now }
    }

    pub(super) fn file(content: Arc<Content>, mode: u32) -> Self {
        Self::new(Body::File(content), mode)
    }

    pub(super) fn set_modified(&mut self, modified: UnixTime) {
        match &self.body {
            Body::File(content) => content.set_modified(modified),
            Body::Directory(_) | Body::Link(_) => self.modified = modified,
        }
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node::new(Body::Directory(Names::new()), 0o755);
        Self { nodes: BTreeMap::from([(ROOT, root)]), next: ROOT + 1 }
    }

    /// What is at `path`, links followed.
    pub(super) fn find(&self, path: &VirtualPath) -> Result<Id, Failure> {
        self.walk(path, LastLink::Followed)?.node.ok_or(Failure::NotFound)
    }

    /// Walks `path` from the root. All but its last name must be there.
    pub(super) fn walk(&self, path: &VirtualPath, last: LastLink) -> Result<Place, Failure> {
        let mut ahead: Vec<Vec<u8>> = path.components().rev().map(<[u8]>::to_vec).collect();
        let mut trail = vec![ROOT];
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let dir = *trail.last().ok_or(Failure::PermissionDenied)?;
            match &*name {
                b"" | b"." => continue,
                b".." => {
                    trail.pop();
                    continue;
                }
                _ if name.len() > LONGEST_NAME => return Err(Failure::NameNotAllowed),
                _ => {}
            }
            let found = self.names(dir)?.get(&*name).copied();
            match found.and_then(|id| Some((id, self.nodes.get(&id)?))) {
                Some((_, Node { body: Body::Link(target), .. })) if !ahead.is_empty() || last == LastLink::Followed => {
                    links += 1;
                    if links > MOST_LINKS || target.first() == Some(&b'/') {
                        return Err(Failure::PermissionDenied);
                    }
                    ahead.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
                }
                _ if ahead.is_empty() => return Ok(Place { trail, name: name.into(), node: found }),
                Some((id, _)) => trail.push(id),
                None => return Err(Failure::NotFound),
            }
        }
        let node = Some(trail.pop().ok_or(Failure::PermissionDenied)?);
        Ok(Place { trail, name: Bytes::new(), node })
    }

    /// A directory's entries.
    pub(super) fn names(&self, id: Id) -> Result<&Names, Failure> {
        match self.nodes.get(&id) {
            Some(Node { body: Body::Directory(names), .. }) => Ok(names),
            Some(_) => Err(Failure::NotADirectory),
            None => Err(Failure::NotFound),
        }
    }

    /// A file's content.
    pub(super) fn content(&self, id: Id) -> Result<Arc<Content>, Failure> {
        match self.nodes.get(&id) {
            Some(Node { body: Body::File(content), .. }) => Ok(Arc::clone(content)),
            Some(Node { body: Body::Directory(_), .. }) => Err(Failure::IsADirectory),
            Some(Node { body: Body::Link(_), .. }) | None => Err(Failure::NotFound),
        }
    }

    pub(super) fn is_directory(&self, id: Id) -> bool {
        self.names(id).is_ok()
    }

    pub(super) fn metadata(&self, id: Id) -> Metadata {
        let Some(node) = self.nodes.get(&id) else { return Metadata::file(0, UnixTime::default()) };
        let mut metadata = Metadata::directory(node.modified);
        match &node.body {
            Body::File(content) => {
                metadata.kind = FileKind::File;
                (metadata.size, metadata.modified) = (content.size(), content.modified());
            }
            Body::Directory(_) => {}
            Body::Link(target) => {
                metadata.kind = FileKind::Symlink;
                metadata.size = target.len() as u64;
                metadata.target = Some(Arc::clone(target));
            }
        }
        metadata.mode = node.mode;
        metadata.created = Some(node.created);
        metadata.unique = Some((0, id));
        metadata
    }

    /// Gives `node` the name of `place`, where nobody has it.
    pub(super) fn add(&mut self, place: &Place, node: Node) -> Result<Id, Failure> {
        if self.taken(place) {
            return Err(Failure::Exists);
        }
        let id = self.next;
        self.next += 1;
        self.entries(place, |names| names.insert(place.name.clone(), id)).ok_or(Failure::NotFound)?;
        self.nodes.insert(id, node);
        Ok(id)
    }

    /// What has the name of `place` now.
    pub(super) fn at(&self, place: &Place) -> Option<Id> {
        self.names(*place.trail.last()?).ok()?.get(&place.name).copied()
    }

    /// Takes the name of `place` away, and what had it.
    pub(super) fn remove(&mut self, place: &Place) {
        if let Some(Some(id)) = self.entries(place, |names| names.remove(&place.name)) {
            self.nodes.remove(&id);
        }
    }

    /// The same with everything beneath it.
    pub(super) fn remove_all(&mut self, place: &Place) {
        let Some(Some(id)) = self.entries(place, |names| names.remove(&place.name)) else { return };
        let mut ahead = vec![id];
        while let Some(id) = ahead.pop() {
            if let Some(Node { body: Body::Directory(names), .. }) = self.nodes.remove(&id) {
                ahead.extend(names.into_values());
            }
        }
    }

    /// How many files there are.
    pub(super) fn files(&self) -> u64 {
        self.nodes.values().filter(|node| matches!(node.body, Body::File(_))).count() as u64
    }

    /// Moves what has the name of `from` to that of `to`.
    pub(super) fn relink(&mut self, from: &Place, to: &Place) {
        if let Some(Some(id)) = self.entries(from, |names| names.remove(&from.name)) {
            self.entries(to, |names| names.insert(to.name.clone(), id));
        }
    }

    pub(super) fn change(&mut self, id: Id, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(&id) {
            change(node);
        }
    }

    /// A directory on the path's own trail has its name already.
    fn taken(&self, place: &Place) -> bool {
        place.name.is_empty() || self.at(place).is_some()
    }

    /// Changes the entries of the directory that holds `place`; `None` when that directory is gone.
    fn entries<T>(&mut self, place: &Place, change: impl FnOnce(&mut Names) -> T) -> Option<T> {
        let node = self.nodes.get_mut(place.trail.last()?)?;
        node.modified = now();
        match &mut node.body {
            Body::Directory(names) => Some(change(names)),
            Body::File(_) | Body::Link(_) => None,
        }
    }
}

/// The time of day.
pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime { secs: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() }
}

const ROOT: Id = 1;
const LONGEST_NAME: usize = 255;
const MOST_LINKS: usize = 40;
