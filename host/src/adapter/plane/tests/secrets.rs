//! For tests of TLS: a server's settings, and a client that trusts them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use rustls_pki_types::ServerName;

use crate::adapter::Layer;
use crate::tls::{Identity, Tls, TlsSession};

pub(super) const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// A client's connection.
pub(super) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// Our layer, and what the client is made with.
pub(super) fn secrets(version: &'static SupportedProtocolVersion) -> (Layer, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = Tls::builder(Identity::from_pem(pem.as_bytes(), key.as_bytes()).unwrap()).build().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    (
        Layer::server(TlsSession::new(&tls, None).unwrap().data(), Vec::new()),
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth()),
    )
}

/// Makes the handshake as a client.
pub(super) fn shake(config: Arc<ClientConfig>, stream: TcpStream) -> io::Result<Secure> {
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut secure = StreamOwned::new(ClientConnection::new(config, name).unwrap(), stream);
    while secure.conn.is_handshaking() {
        secure.conn.complete_io(&mut secure.sock)?;
    }
    Ok(secure)
}

/// Says that nothing more comes.
pub(super) fn leave(secure: &mut Secure) {
    secure.conn.send_close_notify();
    secure.flush().unwrap();
}

/// Everything up to the end, which must be said; in small sips.
pub(super) fn drink(mut secure: Secure) -> Vec<u8> {
    let (mut bytes, mut sip) = (Vec::new(), [0; 1000]);
    loop {
        match secure.read(&mut sip).unwrap() {
            0 => return bytes,
            count => bytes.extend_from_slice(&sip[..count]),
        }
    }
}
