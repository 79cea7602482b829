//! The content of a tar archive as a storage: names from its headers, bytes from where they are in it.
//!
//! An archive may come from anyone, so nothing in it is trusted: names are normalised and those with `..` left out, links
//! lead to other names of the archive at most, what is said twice counts as it was said last, and a file that reaches
//! beyond the end of the archive makes it a broken one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use ftp_host::{Directory, ReadFile, Storage};
use ftp_proto::outcome::Entries;
use ftp_proto::storage::{Entry, FileKind, Metadata, Wanted};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};
use tar::{Archive, EntryType};

/// A tree that can be looked at and fetched from.
#[derive(Debug)]
pub(crate) struct TarTree {
    archive: Arc<File>,
    nodes: BTreeMap<VirtualPath, Node>,
}

#[derive(Clone, Debug)]
struct Node {
    metadata: Metadata,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// Where its bytes begin in the archive.
    File(u64),
    /// The names in it.
    Directory(BTreeSet<Bytes>),
    /// Where it points.
    Link(Arc<[u8]>),
}

impl TarTree {
    /// Reads the headers of an archive; the content is passed over.
    ///
    /// # Errors
    /// When it cannot be read, is no tar archive, is cut short, or holds too much.
    pub(crate) fn index(archive: File) -> io::Result<Self> {
        let length = archive.metadata()?.len();
        let nodes = BTreeMap::from([(VirtualPath::root(), Node::directory())]);
        let mut this = Self { archive: Arc::new(archive.try_clone()?), nodes };
        for entry in Archive::new(archive).entries_with_seek()? {
            let entry = entry?;
            let (at, header) = (entry.raw_file_position(), entry.header());
            let broken = at.checked_add(entry.size()).is_none_or(|end| end > length);
            if broken || this.nodes.len() > MOST_NAMES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the archive is cut short or holds too much"));
            }
            let Some(path) = normal(&entry.path_bytes()) else { continue };
            let link = entry.link_name_bytes().unwrap_or_default();
            let modified = UnixTime::from_secs(header.mtime().ok().and_then(|at| i64::try_from(at).ok()).unwrap_or(0));
            let mut node = match header.entry_type() {
                EntryType::Regular | EntryType::Continuous => {
                    Node { metadata: Metadata::file(entry.size(), modified), body: Body::File(at) }
                }
                EntryType::Directory => Node { metadata: Metadata::directory(modified), ..Node::directory() },
                EntryType::Symlink => Node::link(link.as_ref().into(), modified),
                // A second name of a file that came before; or of nothing.
                EntryType::Link => match normal(&link).and_then(|target| this.nodes.get(&target)) {
                    Some(node @ Node { body: Body::File(_), .. }) => node.clone(),
                    _ => continue,
                },
                // Devices and pipes hold nothing, and sparse files not what they seem to.
                _ => continue,
            };
            node.metadata.mode = header.mode().map_or(node.metadata.mode, |mode| mode & 0o7777);
            this.add(&path, node);
        }
        Ok(this)
    }

    /// Gives something its name, and makes the directories that lead to it where the archive did not.
    fn add(&mut self, path: &VirtualPath, mut node: Node) {
        match (self.nodes.get(path).map(|there| &there.body), &mut node.body) {
            // The same directory once more tells of itself, and keeps what is in it.
            (Some(Body::Directory(names)), Body::Directory(new)) => new.clone_from(names),
            (Some(Body::Directory(_)), _) => return,
            _ => {}
        }
        self.nodes.insert(path.clone(), node);
        let Some(name) = path.file_name() else { return };
        let parent = path.parent();
        if !matches!(self.nodes.get(&parent), Some(Node { body: Body::Directory(_), .. })) {
            self.add(&parent, Node::directory());
        }
        if let Some(Node { body: Body::Directory(names), .. }) = self.nodes.get_mut(&parent) {
            names.insert(Bytes::copy_from_slice(name));
        }
    }

    /// Where `path` leads once all links are followed.
    fn locate(&self, path: &VirtualPath) -> Result<VirtualPath, Failure> {
        let mut path = path.clone();
        for _ in 0..MOST_LINKS {
            match self.follow(&path)? {
                Some(target) => path = target,
                None => return Ok(path),
            }
        }
        Err(Failure::PermissionDenied)
    }

    fn find(&self, path: &VirtualPath) -> Result<&Node, Failure> {
        self.nodes.get(&self.locate(path)?).ok_or(Failure::NotFound)
    }

    /// Where `path` leads by the first link on its way, if there is one.
    fn follow(&self, path: &VirtualPath) -> Result<Option<VirtualPath>, Failure> {
        let mut at = VirtualPath::root();
        let mut names = path.components();
        while let Some(name) = names.next() {
            let dir = at.clone();
            at = dir.join(name).ok_or(Failure::NotFound)?;
            if let Some(Node { body: Body::Link(target), .. }) = self.nodes.get(&at) {
                let target = dir.resolve(target, LONGEST_PATH).map_err(|_| Failure::NotFound)?;
                let rest = names.try_fold(target, |path, name| path.resolve(name, LONGEST_PATH));
                return rest.map(Some).map_err(|_| Failure::NotFound);
            }
        }
        Ok(None)
    }
}

impl Storage for TarTree {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        // A link that leads nowhere is all there is to see.
        let found = self.find(path).or_else(|failure| self.nodes.get(path).ok_or(failure));
        found.map(|node| node.metadata.clone())
    }

    fn open_dir(&self, path: &VirtualPath, _: Wanted) -> Result<Box<dyn Directory>, Failure> {
        let at = self.locate(path)?;
        let Body::Directory(names) = &self.nodes.get(&at).ok_or(Failure::NotFound)?.body else {
            return Err(Failure::NotADirectory);
        };
        let entry = |name: &Bytes| {
            let metadata = self.nodes.get(&at.join(name)?)?.metadata.clone();
            Some(Entry { name: name.clone(), metadata })
        };
        Ok(Box::new(Listing(names.iter().filter_map(entry).collect::<Vec<_>>().into_iter())))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        let node = self.find(path)?;
        let Body::File(at) = node.body else { return Err(Failure::IsADirectory) };
        Ok(Box::new(Range { archive: Arc::clone(&self.archive), at, size: node.metadata.size }))
    }
}

impl Node {
    /// One that nothing is known of.
    fn directory() -> Self {
        Self { metadata: Metadata::directory(UnixTime::from_secs(0)), body: Body::Directory(BTreeSet::new()) }
    }

    fn link(target: Arc<[u8]>, modified: UnixTime) -> Self {
        let mut metadata = Metadata::file(target.len() as u64, modified);
        (metadata.kind, metadata.target) = (FileKind::Symlink, Some(Arc::clone(&target)));
        Self { metadata, body: Body::Link(target) }
    }
}

/// A directory's entries, as they are in the archive.
struct Listing(std::vec::IntoIter<Entry>);

impl Directory for Listing {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        let entries = self.0.by_ref().take(max).collect();
        Ok(Entries { entries, last: self.0.len() == 0 })
    }
}

/// A file: a part of the archive.
struct Range {
    archive: Arc<File>,
    at: u64,
    size: u64,
}

impl ReadFile for Range {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; max.min(left)];
        // An archive that shrank meanwhile is an error, and no short file.
        self.archive.read_exact_at(&mut bytes, self.at.saturating_add(at)).map_err(|_| Failure::Io)?;
        Ok(bytes.into())
    }
}

/// The path that a name in an archive stands for, if it stays in it. Absolute ones are taken from the root.
fn normal(name: &[u8]) -> Option<VirtualPath> {
    let leads_up = name.split(|byte| *byte == b'/').any(|part| part == b"..");
    if leads_up { None } else { VirtualPath::root().resolve(name, LONGEST_PATH).ok() }
}

const MOST_NAMES: usize = 1_000_000;
const LONGEST_PATH: usize = 4096;
const MOST_LINKS: usize = 32;
