//! What a file may hold: layers of contents, of which each byte must be one's.

use std::fmt;
use std::sync::Arc;

use crate::content::{Content, Pieces, identify};

/// What stands, or may stand, at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    Directory,
    File(Version),
}

/// Everything that a file may hold that was written so and no other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Each byte is that of one of those that cover it.
    layers: Vec<Layer>,
    shortest: u64,
    longest: u64,
    /// Which layer lies where is not known any more: only whose lines there may be.
    wild: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    at: u64,
    len: u64,
    of: Source,
}

#[derive(Clone, PartialEq, Eq)]
enum Source {
    /// From this offset on.
    Content(Content, u64),
    /// Found after a loss of power, from this offset on.
    Bytes(Arc<[u8]>, u64),
    Zeros,
}

/// Bytes that are written somewhere: of `content` those from `from` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) content: Content,
    pub(super) from: u64,
    /// Where; `None` for the end.
    pub(super) at: Option<u64>,
}

/// Whether bytes are all of a file from their offset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To its end: the transfer succeeded.
    Complete,
    /// There may be more: the transfer failed.
    Partial,
}

impl Version {
    pub(super) fn of(content: Content) -> Self {
        Self::solid(Layer { at: 0, len: content.len, of: Source::Content(content, 0) })
    }

    /// Exactly these bytes.
    pub(super) fn exact(bytes: &[u8]) -> Self {
        Self::solid(Layer { at: 0, len: bytes.len() as u64, of: Source::Bytes(bytes.into(), 0) })
    }

    fn solid(layer: Layer) -> Self {
        let len = layer.len;
        Self { layers: vec![layer], shortest: len, longest: len, wild: false }
    }

    pub(super) fn empty() -> Self {
        Self { layers: Vec::new(), shortest: 0, longest: 0, wild: false }
    }

    /// Any part of it, from its beginning.
    pub(super) fn prefix(mut self) -> Self {
        self.shortest = 0;
        self
    }

    /// What it is once all was written into it; `None` where that cannot be, since it is too short.
    pub(super) fn with(&self, written: Written) -> Option<Self> {
        let mut this = self.clone();
        let (layer, certain) = self.layer(written)?;
        let (start, end) = (layer.at, layer.at + layer.len);
        if certain && !this.wild {
            this.layers = this.layers.iter().flat_map(|old| old.outside(start, end)).collect();
            this.shortest = this.shortest.max(end);
        } else {
            this.wild = true;
        }
        this.longest = this.longest.max(end);
        this.layers.push(layer);
        Some(this.simplified())
    }

    /// What it may be while that is written into it, or when that was broken off and kept.
    pub(super) fn torn(&self, written: Written) -> Option<Self> {
        let mut this = self.clone();
        let (layer, certain) = self.layer(written)?;
        this.wild |= !certain;
        this.longest = this.longest.max(layer.at + layer.len);
        this.layers.push(layer);
        Some(this.simplified())
    }

    /// The same when it was broken off, and what went beyond the old end was taken off again.
    pub(super) fn taken_back(&self, written: Written) -> Option<Self> {
        let mut this = self.torn(written)?;
        this.longest = self.longest;
        Some(this)
    }

    /// What a loss of power may leave, where `others` were there, too: any part of each, and zeros between.
    pub(super) fn shattered<'a>(mut self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        for other in others {
            self.layers.extend(other.layers.iter().cloned());
            (self.shortest, self.longest) = (self.shortest.min(other.shortest), self.longest.max(other.longest));
            self.wild |= other.wild;
        }
        let (at, len) = (self.shortest, self.longest - self.shortest);
        self.layers.push(Layer { at, len, of: Source::Zeros });
        self.simplified()
    }

    /// Whether there is only one content that it may be.
    pub(super) fn is_exact(&self) -> bool {
        let mut end = 0;
        let mut layers: Vec<&Layer> = self.layers.iter().collect();
        layers.sort_by_key(|layer| layer.at);
        let side_by_side = layers.iter().all(|layer| {
            let begins = end;
            end = layer.at + layer.len;
            layer.at == begins
        });
        side_by_side && end == self.longest && self.shortest == self.longest && !self.wild
    }

    /// Nobody knows any more where what lies.
    pub(super) fn wild(mut self) -> Self {
        self.wild = true;
        self.simplified()
    }

    /// No layer is there twice, and none lies anywhere where that is not known.
    fn simplified(mut self) -> Self {
        self.wild |= self.layers.len() > MOST_LAYERS;
        let mut known: Vec<Layer> = Vec::with_capacity(self.layers.len());
        let layers = std::mem::take(&mut self.layers);
        for layer in layers.into_iter().flat_map(|layer| if self.wild { layer.anywhere() } else { vec![layer] }) {
            if !known.contains(&layer) {
                known.push(layer);
            }
        }
        self.layers = known;
        self
    }

    /// Where that lies, and whether that is certain.
    fn layer(&self, Written { content, from, at }: Written) -> Option<(Layer, bool)> {
        let certain = at.is_some() || self.shortest == self.longest;
        let at = at.unwrap_or(self.longest);
        let len = content.len.saturating_sub(from);
        (at <= self.longest).then_some((Layer { at, len, of: Source::Content(content, from) }, certain))
    }

    /// Whether `bytes` may be what it holds from `from` on.
    pub(super) fn matches(&self, from: u64, bytes: &[u8], extent: Extent) -> bool {
        let end = from.saturating_add(bytes.len() as u64);
        if end > self.longest && !bytes.is_empty() || extent == Extent::Complete && end < self.shortest {
            return false;
        }
        if extent == Extent::Complete && end > self.longest {
            return false;
        }
        if self.wild {
            // A line that two have written together can look like a third one's; two such lines do not.
            let mut found = identify(bytes).into_iter().filter(|found| found.len >= 2 * LINE);
            return found.all(|found| self.layers.iter().any(|layer| layer.is_by(found.author)));
        }
        let mut done = 0;
        while done < bytes.len() {
            let at = from + done as u64;
            match self.layers.iter().map(|layer| layer.common(at, &bytes[done..])).max() {
                None | Some(0) => return false,
                Some(same) => done += same,
            }
        }
        true
    }
}

impl Layer {
    /// How many of `bytes`, which stand at `at`, are this one's.
    fn common(&self, at: u64, bytes: &[u8]) -> usize {
        let Some(inside) = at.checked_sub(self.at).filter(|inside| *inside < self.len) else { return 0 };
        let left = usize::try_from(self.len - inside).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(left)];
        match &self.of {
            Source::Content(content, from) => content.common(from + inside, bytes),
            Source::Bytes(all, from) => {
                let all = usize::try_from(from + inside).ok().and_then(|from| all.get(from..)).unwrap_or_default();
                if all.starts_with(bytes) {
                    return bytes.len();
                }
                bytes.iter().zip(all).take_while(|(one, other)| one == other).count()
            }
            Source::Zeros => bytes.iter().take_while(|byte| **byte == 0).count(),
        }
    }

    /// What is left of it outside of a range.
    fn outside(&self, start: u64, end: u64) -> impl Iterator<Item = Self> + use<> {
        let own_end = self.at + self.len;
        let before = (self.at < start).then(|| self.cut(self.at, own_end.min(start)));
        let behind = (own_end > end).then(|| self.cut(self.at.max(end), own_end));
        before.into_iter().chain(behind)
    }

    fn cut(&self, start: u64, end: u64) -> Self {
        let skipped = start - self.at;
        let of = match &self.of {
            Source::Content(content, from) => Source::Content(*content, from + skipped),
            Source::Bytes(all, from) => Source::Bytes(Arc::clone(all), from + skipped),
            Source::Zeros => Source::Zeros,
        };
        Self { at: start, len: end - start, of }
    }

    /// Only whose it is.
    fn anywhere(&self) -> Vec<Self> {
        let by = |author| Self { at: 0, len: 0, of: Source::Content(Content { author, len: 0 }, 0) };
        match &self.of {
            Source::Content(content, _) => vec![by(content.author)],
            Source::Bytes(bytes, _) => identify(bytes).iter().map(|found| by(found.author)).collect(),
            Source::Zeros => Vec::new(),
        }
    }

    fn is_by(&self, author: u32) -> bool {
        matches!(&self.of, Source::Content(content, _) if content.author == author)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(content, from) => write!(f, "{content:?} from {from}"),
            Self::Bytes(bytes, from) => write!(f, "{:?} from {from}", Pieces(bytes)),
            Self::Zeros => f.write_str("zeros"),
        }
    }
}

const LINE: usize = 16;
const MOST_LAYERS: usize = 64;
