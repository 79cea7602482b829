//! The bytes of a listing: made by the lister, and encoded where MODE or TYPE E ask for it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use super::Pull;
use crate::coding::Encoder;
use crate::id::DirId;
use crate::server::lister::Lister;

/// A listing on its way to the client.
#[derive(Debug)]
pub(in crate::server) struct Listing {
    pub(in crate::server) lister: Lister,
    /// The directory that is being opened.
    pub(in crate::server) opening: Option<DirId>,
    /// Whether a question to the storage is open.
    pub(in crate::server) asking: bool,
    pub(in crate::server) sending: usize,
    /// Until the end has been encoded.
    encoder: Option<Box<Encoder>>,
}

impl Listing {
    pub(in crate::server) const fn new(lister: Lister, encoder: Option<Box<Encoder>>) -> Self {
        Self { lister, opening: None, asking: false, sending: 0, encoder }
    }

    /// Sends what there is once it is a chunk or the last; reads on while less than a chunk waits.
    pub(in crate::server) fn pull(&mut self, chunk: usize) -> Pull {
        let buffered = self.lister.buffered();
        let last = self.lister.is_done();
        let has_more = buffered > 0 || self.encoder.is_some();
        if self.sending == 0 && (buffered >= chunk || (last && has_more)) {
            let bytes = self.take_encoded(last);
            if !bytes.is_empty() {
                self.sending = bytes.len();
                return Pull::Send(bytes);
            }
        }
        if !self.asking && !last && self.lister.buffered() < chunk {
            self.asking = true;
            return Pull::Read { at: 0 };
        }
        if last && self.sending == 0 { Pull::Complete } else { Pull::Wait }
    }

    fn take_encoded(&mut self, last: bool) -> Bytes {
        let bytes = self.lister.take_bytes();
        let Some(mut encoder) = self.encoder.take() else { return Bytes::from(bytes) };
        let mut encoded = Vec::with_capacity(bytes.len());
        if last {
            encoder.finish(&bytes, &mut encoded);
        } else {
            encoder.encode(&bytes, &mut encoded);
            self.encoder = Some(encoder);
        }
        Bytes::from(encoded)
    }
}
