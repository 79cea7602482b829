//! What a handshake agreed on, in the engine's words.

use std::sync::Arc;

use ftp_proto::outcome::Secured;
use rustls::{Connection, HandshakeKind};

/// The host that the client named.
pub(super) fn server_name(connection: &Connection) -> Option<&str> {
    match connection {
        Connection::Server(server) => server.server_name(),
        Connection::Client(_) => None,
    }
}

/// What a handshake agreed on.
pub(super) fn secured(connection: &Connection) -> Secured {
    let parameters = connection.protocol_version().zip(connection.negotiated_cipher_suite());
    Secured {
        // Only tickets of this session's control connection can be resumed at all.
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        sni: server_name(connection).map(Arc::from),
        alpn: connection.alpn_protocol().map(Arc::from),
        peer_certificate: match connection {
            Connection::Server(_) => {
                connection.peer_certificates().and_then(|chain| chain.first()).map(|it| (**it).into())
            }
            // Nobody has verified it.
            Connection::Client(_) => None,
        },
        parameters: parameters.map(|(version, suite)| format!("{version:?} {:?}", suite.suite()).into()),
    }
}
