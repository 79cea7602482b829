//! TLS as clients meet it: what the options about it change.

use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::support::{Control, Running, directory, ftpd};

/// A self-signed certificate and its key, PEM both.
pub(crate) struct Certificate {
    chain: String,
    key: String,
}

impl Certificate {
    /// For the host or the user `name`.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// Both into one file.
    pub(crate) fn write(&self, path: &Path) {
        fs::write(path, format!("{}{}", self.chain, self.key)).unwrap();
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.chain.as_bytes()).unwrap()
    }
}

/// A client that trusts one certificate.
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    pub(crate) fn new(trusted: &Certificate) -> Self {
        Self::of(trusted, None, &[&TLS12, &TLS13])
    }

    fn of(
        trusted: &Certificate,
        own: Option<&Certificate>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.der()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots);
        Self(Arc::new(match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![own.der()], key).unwrap()
            }
        }))
    }

    /// One that names no host in its handshakes.
    pub(crate) fn without_sni(mut self) -> Self {
        Arc::make_mut(&mut self.0).enable_sni = false;
        self
    }

    /// Makes the handshake.
    fn secure(&self, stream: TcpStream, name: &str) -> io::Result<Secure> {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut secure = StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), stream);
        while secure.conn.is_handshaking() {
            secure.conn.complete_io(&mut secure.sock)?;
        }
        Ok(secure)
    }
}

pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A control connection with TLS on, behind HOST if there is one to name.
pub(crate) fn control(
    address: SocketAddr,
    client: &Client,
    name: &str,
    host: Option<&str>,
) -> io::Result<Control<Secure>> {
    let (mut control, _) = Control::open(address);
    if let Some(host) = host {
        control.ask(&format!("HOST {host}"), "220");
    }
    control.ask("AUTH TLS", "234");
    Ok(Control::over(client.secure(control.into_stream(), name)?))
}

/// A server with TLS, its certificate, and a directory that holds it.
fn serve(arguments: &[&str]) -> (Running, Certificate, TempDir) {
    let (directory, certificate) = (directory(), Certificate::new("localhost"));
    let file = directory.path().join("server.pem");
    certificate.write(&file);
    let mut command = ftpd();
    command.args(["--listen", "127.0.0.1:0", "--user", "alice:secret", "--tls", "optional", "--tls-cert"]).arg(file);
    let server = Running::start(command.args(arguments).arg(directory.path()));
    (server, certificate, directory)
}

#[test]
fn old_versions_can_be_refused() {
    for (arguments, taken) in [(&[][..], true), (&["--tls-min", "1.2"], true), (&["--tls-min", "1.3"], false)] {
        let (server, certificate, _directory) = serve(arguments);
        let old = Client::of(&certificate, None, &[&TLS12]);
        assert_eq!(control(server.addresses[0], &old, "localhost", None).is_ok(), taken, "{arguments:?}");
        let new = Client::of(&certificate, None, &[&TLS13]);
        control(server.addresses[0], &new, "localhost", None).unwrap().log_in("alice", "secret");
    }
}

#[test]
fn the_control_connection_goes_back_to_the_clear_only_where_it_may() {
    for (arguments, code) in [(&[][..], "502"), (&["--ccc", "on"], "200")] {
        let (server, certificate, _directory) = serve(arguments);
        let mut control = control(server.addresses[0], &Client::new(&certificate), "localhost", None).unwrap();
        control.log_in("alice", "secret");
        control.ask("CCC", code);
        if code == "200" {
            let mut secure = control.into_stream();
            secure.conn.send_close_notify();
            secure.flush().unwrap();
            // The server's close_notify ends TLS; what follows is plain again.
            assert_eq!(io::copy(&mut secure, &mut io::sink()).unwrap(), 0);
            Control::over(secure.sock).ask("NOOP", "200");
        }
    }
}

#[test]
fn an_upload_without_the_end_mark_of_tls_is_refused_unless_it_is_allowed() {
    for (arguments, code) in [(&[][..], "426"), (&["--tls-require-close-notify", "off"], "226")] {
        let (server, certificate, directory) = serve(arguments);
        let client = Client::new(&certificate);
        let mut control = control(server.addresses[0], &client, "localhost", None).unwrap();
        control.log_in("alice", "secret");
        control.ask("PBSZ 0", "200");
        control.ask("PROT P", "200");
        let data = TcpStream::connect((server.addresses[0].ip(), control.epsv())).unwrap();
        let mut data = client.secure(data, "localhost").unwrap();
        control.ask("STOR new", "150");
        data.write_all(b"half").unwrap();
        data.flush().unwrap();
        data.sock.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(control.reply()[0].starts_with(code), "{arguments:?}");
        assert_eq!(directory.path().join("new").exists(), code == "226");
    }
}

#[test]
fn a_certificate_that_names_a_user_does_instead_of_a_password() {
    let (alice, mallory) = (Certificate::new("alice"), Certificate::new("mallory"));
    let authorities = directory();
    let file = authorities.path().join("authorities.pem");
    fs::write(&file, format!("{}{}", alice.chain, mallory.chain)).unwrap();
    let (server, certificate, _directory) = serve(&["--tls-client-ca", file.to_str().unwrap()]);
    for (own, code) in [(Some(&alice), "232"), (Some(&mallory), "331"), (None, "331")] {
        let client = Client::of(&certificate, own, &[&TLS12, &TLS13]);
        let mut control = control(server.addresses[0], &client, "localhost", None).unwrap();
        control.ask("USER alice", code);
    }
}
