//! A storage in memory: paths to files and directories, uploads written aside until they are committed.

use std::collections::BTreeMap;

use bytes::Bytes;
use ftp_proto::storage::{Entry, FinishHow, Metadata, Replace, WriteMode};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// `None` for a directory.
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) modified: i64,
    pub(crate) mode: u32,
}

/// Every file and directory, by its whole path; `/` stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<Vec<u8>, Node>);

/// A file that is open.
#[derive(Clone, Debug)]
pub(crate) struct OpenFile {
    path: VirtualPath,
    /// `None` when it was opened for reading.
    mode: Option<WriteMode>,
    pub(crate) content: Vec<u8>,
}

/// 2024-05-06T07:08:09Z: when everything was last changed.
pub(crate) const LONG_AGO: i64 = 1_714_979_289;

impl Tree {
    /// `/a.txt` (12 bytes, two lines), `/empty`, `/dir/b.bin` (256 bytes), `/dir/sub/`.
    pub(crate) fn usual() -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.put_dir("/");
        tree.put_dir("/dir");
        tree.put_dir("/dir/sub");
        tree.put("/a.txt", b"hello\nworld\n");
        tree.put("/empty", b"");
        tree.put("/dir/b.bin", &(0..=255).collect::<Vec<u8>>());
        tree
    }

    pub(crate) fn put(&mut self, path: &str, content: &[u8]) {
        self.0.insert(path.into(), Node { content: Some(content.into()), modified: LONG_AGO, mode: 0o644 });
    }

    pub(crate) fn put_dir(&mut self, path: &str) {
        self.0.insert(path.into(), Node { content: None, modified: LONG_AGO, mode: 0o755 });
    }

    /// The content of a file; `None` where there is none.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path.as_bytes())?.content.as_deref()
    }

    pub(crate) fn node(&self, path: &[u8]) -> Option<&Node> {
        self.0.get(path)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path.as_bytes())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(Vec::as_slice)
    }

    fn get(&self, path: &VirtualPath) -> Result<&Node, Failure> {
        if !path.is_root() {
            self.check_parent(path)?;
        }
        self.0.get(path.as_bytes()).ok_or(Failure::NotFound)
    }

    fn check_parent(&self, path: &VirtualPath) -> Result<(), Failure> {
        let mut above = path.parent();
        loop {
            match self.0.get(above.as_bytes()) {
                Some(Node { content: None, .. }) if above == path.parent() => return Ok(()),
                Some(Node { content: None, .. }) => return Err(Failure::NotFound),
                Some(_) => return Err(Failure::NotADirectory),
                None => above = above.parent(),
            }
        }
    }

    fn metadata(node: &Node) -> Metadata {
        let modified = UnixTime::from_secs(node.modified);
        let mut metadata = match &node.content {
            Some(content) => Metadata::file(content.len() as u64, modified),
            None => Metadata::directory(modified),
        };
        metadata.mode = node.mode;
        metadata
    }

    pub(crate) fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.get(path).map(Self::metadata)
    }

    pub(crate) fn entries(&self, path: &VirtualPath) -> Result<Vec<Entry>, Failure> {
        if self.get(path)?.content.is_some() {
            return Err(Failure::NotADirectory);
        }
        let of_it = self.0.iter().filter_map(|(name, node)| {
            let within = name.strip_prefix(path.as_bytes())?;
            let last = if path.is_root() { within } else { within.strip_prefix(b"/")? };
            let is_entry = !last.is_empty() && !last.contains(&b'/');
            is_entry.then(|| Entry { name: Bytes::copy_from_slice(last), metadata: Self::metadata(node) })
        });
        Ok(of_it.collect())
    }

    pub(crate) fn open_read(&self, path: &VirtualPath) -> Result<OpenFile, Failure> {
        let content = self.get(path)?.content.clone().ok_or(Failure::IsADirectory)?;
        Ok(OpenFile { path: path.clone(), mode: None, content })
    }

    pub(crate) fn open_write(&self, path: &VirtualPath, mode: WriteMode) -> Result<OpenFile, Failure> {
        let there = match self.get(path) {
            Ok(node) => Some(node.content.clone().ok_or(Failure::IsADirectory)?),
            Err(Failure::NotFound) => {
                self.check_parent(path)?;
                None
            }
            Err(failure) => return Err(failure),
        };
        let content = match (mode, there) {
            (WriteMode::Create(Replace::Refused), Some(_)) => return Err(Failure::Exists),
            (WriteMode::Create(_), _) => Vec::new(),
            (WriteMode::Append, there) => there.unwrap_or_default(),
            (WriteMode::At(_), None) => return Err(Failure::NotFound),
            (WriteMode::At(offset), Some(there)) if offset > there.len() as u64 => return Err(Failure::BadOffset),
            (WriteMode::At(_), Some(there)) => there,
        };
        Ok(OpenFile { path: path.clone(), mode: Some(mode), content })
    }

    pub(crate) fn finish(&mut self, file: OpenFile, how: FinishHow) -> Result<(), Failure> {
        let mode = file.mode.expect("only an upload is finished");
        let taken = self.0.contains_key(file.path.as_bytes());
        let creates = matches!(mode, WriteMode::Create(_));
        match how {
            FinishHow::Discard => return Ok(()),
            FinishHow::Keep if creates && taken => return Ok(()),
            FinishHow::Commit if taken && mode == WriteMode::Create(Replace::Refused) => return Err(Failure::Exists),
            FinishHow::Keep | FinishHow::Commit => {}
        }
        self.check_parent(&file.path)?;
        let node = Node { content: Some(file.content), modified: LONG_AGO, mode: 0o644 };
        self.0.insert(file.path.as_bytes().into(), node);
        Ok(())
    }

    pub(crate) fn make_dir(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        match self.get(path) {
            Ok(_) => return Err(Failure::Exists),
            Err(Failure::NotFound) => self.check_parent(path)?,
            Err(failure) => return Err(failure),
        }
        self.0.insert(path.as_bytes().into(), Node { content: None, modified: LONG_AGO, mode: 0o755 });
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        if self.get(path)?.content.is_none() {
            return Err(Failure::IsADirectory);
        }
        self.0.remove(path.as_bytes());
        Ok(())
    }

    pub(crate) fn remove_dir(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        if !self.entries(path)?.is_empty() {
            return Err(Failure::NotEmpty);
        }
        self.0.remove(path.as_bytes());
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        self.get(from)?;
        if from == to {
            return Ok(());
        }
        self.make_way(to, replace)?;
        let moved: Vec<Vec<u8>> = self.paths().filter(|path| is_beneath(path, from)).map(<[u8]>::to_vec).collect();
        for path in moved {
            let node = self.0.remove(&path).expect("it was listed");
            self.0.insert([to.as_bytes(), &path[from.as_bytes().len()..]].concat(), node);
        }
        Ok(())
    }

    pub(crate) fn copy(&mut self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let node = self.get(from)?.clone();
        if node.content.is_none() {
            return Err(Failure::IsADirectory);
        }
        self.make_way(to, replace)?;
        self.0.insert(to.as_bytes().into(), node);
        Ok(())
    }

    pub(crate) fn size(&self, path: &VirtualPath) -> Result<u64, Failure> {
        self.entries(path)?;
        let beneath = self.0.iter().filter(|(name, _)| path.is_root() || is_beneath(name, path));
        Ok(beneath.filter_map(|(_, node)| node.content.as_ref()).map(|content| content.len() as u64).sum())
    }

    pub(crate) fn make_dirs(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        if !path.is_root() {
            self.make_dirs(&path.parent())?;
        }
        match self.make_dir(path) {
            Err(Failure::Exists) => self.entries(path).map(drop),
            made => made,
        }
    }

    pub(crate) fn remove_tree(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        self.entries(path)?;
        self.0.retain(|name, _| !is_beneath(name, path));
        Ok(())
    }

    pub(crate) fn combine(&mut self, target: &VirtualPath, parts: &[VirtualPath]) -> Result<(), Failure> {
        let mut file = self.open_write(target, WriteMode::Append)?;
        for part in parts {
            let content = self.open_read(part)?.content;
            file.write(file.content.len() as u64, &content);
        }
        self.finish(file, FinishHow::Commit)?;
        parts.iter().try_for_each(|part| self.remove(part))
    }

    /// Whether something may take the name `to`.
    fn make_way(&self, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        match self.get(to) {
            Ok(Node { content: None, .. }) => Err(Failure::Exists),
            Ok(_) if replace == Replace::Refused => Err(Failure::Exists),
            Ok(_) => Ok(()),
            Err(Failure::NotFound) => self.check_parent(to),
            Err(failure) => Err(failure),
        }
    }

    pub(crate) fn change(&mut self, path: &VirtualPath, how: impl FnOnce(&mut Node)) -> Result<(), Failure> {
        self.get(path)?;
        self.0.entry(path.as_bytes().into()).and_modify(how);
        Ok(())
    }
}

/// Whether `path` is `above` or lies in it.
fn is_beneath(path: &[u8], above: &VirtualPath) -> bool {
    path.strip_prefix(above.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

impl OpenFile {
    pub(crate) const fn writes(&self) -> bool {
        self.mode.is_some()
    }

    pub(crate) fn read(&self, at: u64, max: usize) -> Bytes {
        let rest = self.content.get(at as usize..).unwrap_or_default();
        Bytes::copy_from_slice(&rest[..rest.len().min(max)])
    }

    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        let (at, end) = (at as usize, at as usize + bytes.len());
        assert!(at <= self.content.len(), "an upload leaves no hole");
        self.content.resize(end.max(self.content.len()), 0);
        self.content[at..end].copy_from_slice(bytes);
    }
}
