//! MODE Z: the zlib coding (RFC 1950) around what MODE S would send, by miniz_oxide.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::{fmt, mem};

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::ends::take_up_to;
use super::{Coding, Fault, Mode};

/// Compresses. Takes about 250 KiB from the heap while a transfer runs.
pub(super) struct Deflater {
    compressor: Box<CompressorOxide>,
    /// Nothing was put yet.
    fresh: bool,
}

impl Deflater {
    pub(super) fn for_coding(coding: &Coding) -> Option<Self> {
        let level = coding.level.min(9);
        (coding.mode == Mode::Deflate).then(|| Self { compressor: Box::new(compressor(level)), fresh: true })
    }

    /// Compresses `input` behind `out`; `last` ends the stream.
    ///
    /// A file whose beginning cannot be made smaller (a film, an archive) is only wrapped: some clients ask for MODE Z
    /// whatever the file, and compressing in vain is far slower than a network.
    pub(super) fn put(&mut self, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
        if mem::take(&mut self.fresh) && is_dense(input) {
            *self.compressor = compressor(0);
        }
        let flush = if last { MZFlush::Finish } else { MZFlush::None };
        let mut piece = [0; PIECE];
        loop {
            let result = deflate(&mut self.compressor, input, &mut piece, flush);
            let _ = take_up_to(&mut input, result.bytes_consumed);
            out.extend_from_slice(&piece[..result.bytes_written]);
            let filled = result.bytes_written == PIECE;
            match result.status {
                Ok(MZStatus::Ok | MZStatus::NeedDict) if filled || last || !input.is_empty() => {}
                // Nothing more comes, or it is out whole.
                _ => return,
            }
        }
    }
}

fn compressor(level: u8) -> CompressorOxide {
    CompressorOxide::new(create_comp_flags_from_zip_params(i32::from(level), ZLIB, 0))
}

/// Whether a sample of `input` does not become smaller by a fiftieth. Too little to sample is compressed.
fn is_dense(input: &[u8]) -> bool {
    input.get(..SAMPLE).is_some_and(|sample| compress_to_vec(sample, 1).len() > SAMPLE - SAMPLE / 50)
}

/// Decompresses, a piece at a time. Takes about 70 KiB from the heap while a transfer runs.
pub(super) struct Inflater {
    state: Box<InflateState>,
    piece: Vec<u8>,
    used: usize,
    done: bool,
}

impl Inflater {
    pub(super) fn for_coding(coding: &Coding) -> Option<Self> {
        (coding.mode == Mode::Deflate).then(|| Self {
            state: InflateState::new_boxed(DataFormat::Zlib),
            piece: Vec::new(),
            used: 0,
            done: false,
        })
    }

    /// What was decompressed and not used yet.
    pub(super) fn ready(&self) -> &[u8] {
        self.piece.get(self.used..).unwrap_or_default()
    }

    pub(super) const fn used(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Decompresses another piece; `false` when that takes more input.
    ///
    /// # Errors
    /// The stream is broken, or something comes behind its end.
    pub(super) fn more(&mut self, input: &mut &[u8]) -> Result<bool, Fault> {
        if self.done {
            return if input.is_empty() { Ok(false) } else { Err(Fault::Malformed) };
        }
        self.piece.resize(PIECE, 0);
        self.used = 0;
        let result = inflate(&mut self.state, input, &mut self.piece, MZFlush::None);
        let _ = take_up_to(input, result.bytes_consumed);
        self.piece.truncate(result.bytes_written);
        match result.status {
            Ok(status) => self.done = status == MZStatus::StreamEnd,
            // No input, and nothing left within.
            Err(MZError::Buf) if input.is_empty() => {}
            Err(_) => return Err(Fault::Malformed),
        }
        let moved = result.bytes_written > 0 || result.bytes_consumed > 0;
        Ok(moved || !input.is_empty())
    }

    /// The connection has ended.
    pub(super) const fn finish(&self) -> Result<(), Fault> {
        if self.done { Ok(()) } else { Err(Fault::Truncated) }
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("done", &self.done).finish_non_exhaustive()
    }
}

const PIECE: usize = 16 * 1024;
const SAMPLE: usize = 8 * 1024;
/// A positive window asks for the zlib coding; the number itself is of no meaning to miniz_oxide.
const ZLIB: i32 = 1;
