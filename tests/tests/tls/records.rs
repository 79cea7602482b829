//! Records that no library of TLS sends: sealed with a session's own keys, so that only what is in them is wrong.

use std::net::TcpStream;

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rustls::{ClientConnection, ConnectionTrafficSecrets, ProtocolVersion};

use super::{APPLICATION_DATA, secure};

/// The client's side of a secured connection, for writing only.
pub(super) struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
    layout: Layout,
}

/// How a record is made of what is in it.
#[derive(Clone, Copy)]
enum Layout {
    /// AES-GCM in TLS 1.2 (RFC 5288 §3): a part of the nonce goes with the record.
    Explicit,
    /// ChaCha20 in TLS 1.2 (RFC 7905 §2).
    Implicit,
    /// TLS 1.3 (RFC 8446 §5.2): the type goes inside.
    Inner,
}

impl Sealer {
    /// Makes the handshake of `tls` on `stream`, and takes its keys.
    pub(super) fn over(tls: ClientConnection, stream: &mut TcpStream) -> Self {
        let tls = secure(tls, stream);
        let version = tls.protocol_version().unwrap();
        let (sequence, secrets) = tls.dangerous_extract_secrets().unwrap().tx;
        let (algorithm, key, iv) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => panic!("a cipher that is not known here"),
        };
        let layout = match (version, &secrets) {
            (ProtocolVersion::TLSv1_3, _) => Layout::Inner,
            (_, ConnectionTrafficSecrets::Chacha20Poly1305 { .. }) => Layout::Implicit,
            _ => Layout::Explicit,
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).unwrap());
        Self { key, iv: iv.as_ref().try_into().unwrap(), sequence, layout }
    }

    /// The next record: of this type, with `body` in it.
    pub(super) fn seal(&mut self, kind: u8, body: &[u8]) -> Vec<u8> {
        let sequence = self.sequence.to_be_bytes();
        self.sequence += 1;
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(sequence).for_each(|(byte, with)| *byte ^= with);
        let mut sealed = body.to_vec();
        let (outer, explicit) = match self.layout {
            Layout::Inner => {
                sealed.push(kind);
                (APPLICATION_DATA, &[][..])
            }
            Layout::Implicit => (kind, &[][..]),
            Layout::Explicit => (kind, &nonce[4..]),
        };
        let tag = self.key.algorithm().tag_len();
        let header = |length: usize| [outer, 3, 3, (length >> 8) as u8, length as u8];
        let framed = header(explicit.len() + sealed.len() + tag);
        let aad = match self.layout {
            Layout::Inner => framed.to_vec(),
            _ => [&sequence[..], &header(body.len())].concat(),
        };
        let explicit = explicit.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed).unwrap();
        [&framed[..], &explicit, &sealed].concat()
    }
}
