//! What tests of TLS begin with: certificates, clients, and two ends of a connection.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::settings::provider;
use super::{Identity, Tls};
use crate::adapter::Stream;

pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// An authority, and what it signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key for `names`, both PEM.
    pub(crate) fn sign(&self, common_name: &str, names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        let (certificate, key) = self.sign(name, &[name]);
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap()
    }

    pub(crate) fn tls(&self) -> Tls {
        Tls::builder(self.identity("localhost")).build().unwrap()
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        roots
    }

    /// A client that trusts this authority.
    pub(crate) fn client(&self, version: &'static SupportedProtocolVersion) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::clone(provider()));
        let builder = builder.with_protocol_versions(&[version]).unwrap();
        builder.with_root_certificates(self.roots()).with_no_client_auth()
    }

    /// One that shows a certificate of its own.
    pub(crate) fn client_named(&self, version: &'static SupportedProtocolVersion, name: &str) -> ClientConfig {
        let (certificate, key) = self.sign(name, &[]);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::clone(provider()));
        let builder = builder.with_protocol_versions(&[version]).unwrap().with_root_certificates(self.roots());
        builder.with_client_auth_cert(chain, key).unwrap()
    }
}

/// A client's connection.
pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// Makes the handshake as a client.
pub(crate) fn shake(config: &Arc<ClientConfig>, name: &str, stream: TcpStream) -> io::Result<Secure> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut secure = StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream);
    while secure.conn.is_handshaking() {
        secure.conn.complete_io(&mut secure.sock)?;
    }
    secure.flush()?;
    Ok(secure)
}

/// Our end of a connection: it never waits.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) stream: TcpStream,
    /// How many bytes a read gives at most.
    pub(crate) sip: RefCell<usize>,
    /// How often it was written to.
    pub(crate) calls: Cell<usize>,
}

impl Stream for Ours {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(*self.sip.borrow());
        (&self.stream).read(buffer.get_mut(..len).unwrap())
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.calls.set(self.calls.get() + 1);
        (&self.stream).write_vectored(slices)
    }
}

impl AsFd for Ours {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Both ends of a connection; theirs waits, but not for ever.
pub(crate) fn pair() -> (Ours, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    // Nothing is held back: a reset would take it with it.
    theirs.set_nodelay(true).unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    theirs.set_write_timeout(Some(PATIENCE)).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    (Ours { stream, sip: RefCell::new(usize::MAX), calls: Cell::default() }, theirs)
}

/// Steps until there is an outcome.
pub(crate) fn finish<T>(mut step: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(outcome) = step() {
            return outcome;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing more comes");
        std::thread::yield_now();
    }
}

/// Everything up to the end of the stream, or what broke it.
pub(crate) fn rest(stream: &mut impl Read) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, error)
}

const PATIENCE: Duration = Duration::from_secs(20);
