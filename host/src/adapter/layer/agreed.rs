//! What a handshake agreed on, in the engine's words.

use std::sync::Arc;

use ftp_proto::outcome::Secured;
use rustls::HandshakeKind;

use super::party::Party;

/// What a handshake agreed on.
pub(super) fn secured(party: &Party) -> Secured {
    let common = party.common();
    let parameters = common.protocol_version().zip(common.negotiated_cipher_suite());
    Secured {
        // Only tickets of this session's control connection can be resumed at all.
        resumed: common.handshake_kind() == Some(HandshakeKind::Resumed),
        sni: party.sni().map(Arc::from),
        alpn: common.alpn_protocol().map(Arc::from),
        peer_certificate: match party {
            Party::Server(..) => common.peer_certificates().and_then(|chain| chain.first()).map(|it| (**it).into()),
            // Nobody has verified it.
            Party::Client(_) => None,
        },
        parameters: parameters.map(|(version, suite)| format!("{version:?} {:?}", suite.suite()).into()),
    }
}
