//! The bytes of one transfer: which action moves the next of them.
//!
//! Pulled, never pushed: a read is asked for only when what was read before is on its way, so neither side can fill the
//! memory. TYPE I with a file that the kernel can move is one offload after another; everything else goes through here,
//! and through a coder where TYPE, STRU and MODE ask for one. What an upload's decoder cannot give out at once stays in
//! its input, and nothing more is received meanwhile.

mod decoding;
mod listing;

pub(super) use self::listing::Listing;

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

use self::decoding::Decoding;
use crate::coding::{Decoder, Encoder, Fault, Representation};
use crate::id::FileId;
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
    representation: Representation,
    encoder: Option<Box<Encoder>>,
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
    /// A download from `restart` on; an `encoder` says itself where in the file that is.
    pub(super) fn new(
        file: FileId,
        restart: u64,
        representation: Representation,
        encoder: Option<Box<Encoder>>,
    ) -> Self {
        Self {
            file: Some(file),
            at: encoder.as_ref().map_or(restart, |encoder| encoder.at()),
            left: 0,
            offload: false,
            reading: false,
            sending: 0,
            ready: None,
            eof: false,
            representation,
            encoder,
        }
    }

    /// The file is open; `false` when the offset lies behind its end.
    pub(super) fn opened(&mut self, opened: Opened) -> bool {
        self.left = opened.size.saturating_sub(self.at);
        self.offload = opened.offload == Offload::Possible && self.encoder.is_none();
        self.eof = self.at == opened.size;
        if self.eof {
            self.prepare(Bytes::new());
        }
        self.at <= opened.size
    }

    pub(super) const fn representation(&self) -> Representation {
        self.representation
    }

    /// How many bytes will be sent, where that is known.
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
        if self.eof && self.encoder.as_ref().is_some_and(|encoder| !encoder.has_begun()) {
            return Pull::BeyondEnd;
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
        if self.eof && self.sending == 0 && self.ready.is_none() { Pull::Complete } else { Pull::Wait }
    }

    /// A chunk of the file, of at most `max` bytes.
    pub(super) fn read(&mut self, chunk: Bytes, max: usize) {
        self.reading = false;
        self.at = self.at.saturating_add(chunk.len() as u64);
        self.eof = chunk.len() < max;
        self.prepare(chunk);
    }

    /// Makes of a chunk what is to be sent. Of some chunks a coder makes nothing yet.
    fn prepare(&mut self, chunk: Bytes) {
        let encoded = match &mut self.encoder {
            None => chunk,
            Some(encoder) => {
                let mut encoded = Vec::with_capacity(chunk.len() + chunk.len() / 16 + 2);
                if self.eof {
                    encoder.finish(&chunk, &mut encoded)
                } else {
                    encoder.encode(&chunk, &mut encoded)
                }
                Bytes::from(encoded)
            }
        };
        if !encoded.is_empty() {
            self.ready = Some(encoded);
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
        self.at = self.at.saturating_add(moved.bytes);
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
    /// What is to be written next.
    pending: Vec<u8>,
    ended: bool,
    decoder: Option<Box<Decoding>>,
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
    /// A restart marker of the client stands at `at` in the file, and everything before it has been written.
    Marker {
        at: u64,
        marker: Box<[u8]>,
    },
    /// Nothing until an answer comes.
    Wait,
    /// Everything has been written.
    Complete,
}

impl Upload {
    pub(super) fn new(file: FileId, decoder: Option<Decoder>) -> Self {
        Self {
            file: Some(file),
            at: 0,
            offload: false,
            receiving: false,
            writing: 0,
            pending: Vec::new(),
            ended: false,
            decoder: decoder.map(|decoder| Box::new(Decoding::new(decoder))),
        }
    }

    /// The file is open: what comes is written from `at` on.
    pub(super) fn opened(&mut self, opened: Opened, at: u64) {
        self.at = at;
        self.offload = opened.offload == Offload::Possible && self.decoder.is_none();
    }

    /// Whether the client is to be told of a restart marker now.
    pub(super) fn has_marker(&self) -> bool {
        let marked = self.decoder.as_ref().is_some_and(|decoding| decoding.marker.is_some());
        marked && self.writing == 0 && self.pending.is_empty()
    }

    /// Decodes what came in, once what was decoded before is on its way: up to `chunk` bytes, or a few more.
    ///
    /// # Errors
    /// What came is not the file.
    pub(super) fn decode(&mut self, chunk: usize) -> Result<(), Fault> {
        match &mut self.decoder {
            Some(decoding) if self.pending.is_empty() => decoding.decode(&mut self.pending, chunk, self.ended),
            _ => Ok(()),
        }
    }

    /// Everything there is to do now, one action a call.
    pub(super) fn push(&mut self) -> Push {
        if self.writing == 0 && !self.pending.is_empty() {
            let bytes = Bytes::from(core::mem::take(&mut self.pending));
            self.writing = bytes.len();
            return Push::Write { at: self.at, bytes };
        }
        if let Some(decoding) = &mut self.decoder {
            if self.writing == 0
                && let Some(marker) = decoding.marker.take()
            {
                return Push::Marker { at: self.at, marker };
            }
            if decoding.marker.is_some() || decoding.busy {
                return Push::Wait;
            }
            self.ended |= decoding.over;
        }
        if !self.receiving && !self.ended && self.pending.is_empty() {
            self.receiving = true;
            return if self.offload { Push::Offload { at: self.at } } else { Push::Receive };
        }
        let done = self.ended && self.writing == 0 && self.pending.is_empty();
        if done { Push::Complete } else { Push::Wait }
    }

    /// Bytes came in; `false` when the stream was cut short.
    pub(super) fn received(&mut self, received: Received) -> bool {
        self.receiving = false;
        match &mut self.decoder {
            None => self.pending.extend_from_slice(&received.bytes),
            Some(decoding) => decoding.take(received.bytes),
        }
        self.end(received.end)
    }

    pub(super) fn written(&mut self) {
        self.at = self.at.saturating_add(self.writing as u64);
        self.writing = 0;
    }

    /// An offload ended; `false` when the stream was cut short.
    pub(super) fn moved(&mut self, moved: Moved) -> bool {
        self.receiving = false;
        self.at = self.at.saturating_add(moved.bytes);
        self.end(moved.end)
    }

    fn end(&mut self, end: Option<DataEnd>) -> bool {
        self.ended = end.is_some();
        end != Some(DataEnd::Truncated)
    }
}

#[cfg(test)]
mod tests;
