//! The bytes of one transfer: which action moves the next of them.
//!
//! Pulled, never pushed: a read is asked for only when what was read before is on its way, so neither side can fill the
//! memory. TYPE I with a file that the kernel can move is one offload after another; everything else goes through here.

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

use super::lister::Lister;
use crate::ascii::{Decoder, Encoder};
use crate::id::{DirId, FileId};
use crate::outcome::{DataEnd, Moved, Offload, Opened, Received};

/// What is moved, and how far it is.
#[derive(Debug)]
pub(super) enum Flow {
    Download(Download),
    Upload(Upload),
    Listing(Box<Listing>),
}

/// A file on its way to the client.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) file: Option<FileId>,
    pub(super) at: u64,
    /// How many bytes there were to send when the file was opened.
    left: u64,
    offload: bool,
    reading: bool,
    sending: usize,
    ready: Option<Bytes>,
    eof: bool,
    encoder: Option<Encoder>,
    /// Bytes of the encoded stream that REST passes over.
    skip: u64,
}

/// The next action of a download or a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pull {
    Send(Bytes),
    Read {
        at: u64,
    },
    Offload {
        at: u64,
    },
    /// Nothing until an answer comes.
    Wait,
    /// Everything has been sent.
    Complete,
    /// The offset to begin at lies behind the end.
    BeyondEnd,
}

impl Download {
    /// A download from `restart` on; with an `encoder` that counts in the encoded stream.
    pub(super) const fn new(file: FileId, restart: u64, encoder: Option<Encoder>) -> Self {
        let (at, skip) = if encoder.is_some() { (0, restart) } else { (restart, 0) };
        Self {
            file: Some(file),
            at,
            left: 0,
            offload: false,
            reading: false,
            sending: 0,
            ready: None,
            eof: false,
            encoder,
            skip,
        }
    }

    /// The file is open; `false` when the offset lies behind its end.
    pub(super) fn opened(&mut self, opened: Opened) -> bool {
        self.left = opened.size.saturating_sub(self.at);
        self.offload = opened.offload == Offload::Possible && self.encoder.is_none();
        self.eof = self.at == opened.size;
        self.at <= opened.size
    }

    /// How many bytes will come, where that is known.
    pub(super) fn expected(&self) -> Option<u64> {
        self.encoder.is_none().then_some(self.left)
    }

    pub(super) fn pull(&mut self) -> Pull {
        if self.offload {
            return match (self.reading, self.eof) {
                (true, _) => Pull::Wait,
                (false, true) => Pull::Complete,
                (false, false) => {
                    self.reading = true;
                    Pull::Offload { at: self.at }
                }
            };
        }
        if self.sending == 0
            && let Some(bytes) = self.ready.take()
        {
            self.sending = bytes.len();
            return Pull::Send(bytes);
        }
        if !self.reading && !self.eof && self.ready.is_none() {
            self.reading = true;
            return Pull::Read { at: self.at };
        }
        match (self.eof && self.sending == 0 && self.ready.is_none(), self.skip) {
            (true, 0) => Pull::Complete,
            (true, _) => Pull::BeyondEnd,
            (false, _) => Pull::Wait,
        }
    }

    /// A chunk of the file, of at most `max` bytes.
    pub(super) fn read(&mut self, chunk: Bytes, max: usize) {
        self.reading = false;
        self.at += chunk.len() as u64;
        self.eof = chunk.len() < max;
        let mut chunk = match &mut self.encoder {
            None => chunk,
            Some(encoder) => {
                let mut encoded = Vec::with_capacity(chunk.len() + chunk.len() / 16 + 2);
                encoder.encode(&chunk, &mut encoded);
                Bytes::from(encoded)
            }
        };
        let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
        self.skip -= passed as u64;
        let _ = chunk.split_to(passed);
        if !chunk.is_empty() {
            self.ready = Some(chunk);
        }
    }

    /// The chunk under way has left; gives its length.
    pub(super) const fn sent(&mut self) -> u64 {
        let sent = self.sending;
        self.sending = 0;
        sent as u64
    }

    pub(super) const fn moved(&mut self, moved: Moved) {
        self.reading = false;
        self.at += moved.bytes;
        self.eof = moved.end.is_some();
    }
}

/// A file on its way from the client.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) file: Option<FileId>,
    at: u64,
    offload: bool,
    receiving: bool,
    writing: usize,
    pending: Vec<u8>,
    ended: bool,
    decoder: Option<Decoder>,
}

/// The next action of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Push {
    Write {
        at: u64,
        bytes: Bytes,
    },
    Receive,
    Offload {
        at: u64,
    },
    /// Nothing until an answer comes.
    Wait,
    /// Everything has been written.
    Complete,
}

impl Upload {
    pub(super) const fn new(file: FileId, decoder: Option<Decoder>) -> Self {
        Self {
            file: Some(file),
            at: 0,
            offload: false,
            receiving: false,
            writing: 0,
            pending: Vec::new(),
            ended: false,
            decoder,
        }
    }

    /// The file is open: what comes is written from `at` on.
    pub(super) fn opened(&mut self, opened: Opened, at: u64) {
        self.at = at;
        self.offload = opened.offload == Offload::Possible && self.decoder.is_none();
    }

    /// Everything there is to do now, one action a call.
    pub(super) fn push(&mut self) -> Push {
        if self.writing == 0 && !self.pending.is_empty() {
            let bytes = Bytes::from(core::mem::take(&mut self.pending));
            self.writing = bytes.len();
            return Push::Write { at: self.at, bytes };
        }
        if !self.receiving && !self.ended && self.pending.is_empty() {
            self.receiving = true;
            return if self.offload { Push::Offload { at: self.at } } else { Push::Receive };
        }
        let done = self.ended && self.writing == 0 && self.pending.is_empty();
        if done { Push::Complete } else { Push::Wait }
    }

    /// Bytes came in; `false` when the stream was cut short.
    pub(super) fn received(&mut self, received: &Received) -> bool {
        self.receiving = false;
        match &mut self.decoder {
            None => self.pending.extend_from_slice(&received.bytes),
            Some(decoder) => decoder.decode(&received.bytes, &mut self.pending),
        }
        self.end(received.end)
    }

    pub(super) fn written(&mut self) {
        self.at += self.writing as u64;
        self.writing = 0;
    }

    /// An offload ended; `false` when the stream was cut short.
    pub(super) fn moved(&mut self, moved: Moved) -> bool {
        self.receiving = false;
        self.at += moved.bytes;
        self.end(moved.end)
    }

    fn end(&mut self, end: Option<DataEnd>) -> bool {
        self.ended = end.is_some();
        if let (Some(DataEnd::Clean), Some(decoder)) = (end, &mut self.decoder) {
            decoder.finish(&mut self.pending);
        }
        end != Some(DataEnd::Truncated)
    }
}

/// A listing on its way to the client.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) lister: Lister,
    /// The directory that is being opened.
    pub(super) opening: Option<DirId>,
    /// Whether a question to the storage is open.
    pub(super) asking: bool,
    pub(super) sending: usize,
}

impl Listing {
    pub(super) const fn new(lister: Lister) -> Self {
        Self { lister, opening: None, asking: false, sending: 0 }
    }

    /// Sends what there is once it is a chunk or the last; reads on while less than a chunk waits.
    pub(super) fn pull(&mut self, chunk: usize) -> Pull {
        let buffered = self.lister.buffered();
        let last = self.lister.is_done();
        if self.sending == 0 && (buffered >= chunk || (last && buffered > 0)) {
            let bytes = Bytes::from(self.lister.take_bytes());
            self.sending = bytes.len();
            return Pull::Send(bytes);
        }
        if !self.asking && !last && buffered < chunk {
            self.asking = true;
            return Pull::Read { at: 0 };
        }
        if last && self.sending == 0 { Pull::Complete } else { Pull::Wait }
    }
}
