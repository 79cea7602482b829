//! The certificates: read from files, or made once and kept.
//!
//! Without a certificate of the operator's, a self-signed one is made for this machine and kept in the state directory,
//! so that its fingerprint stays the same and clients that were told to trust it once go on to.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ftp_host::tls::{ClientCertificates, Identity, Tls, TlsBuilder, Version};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tempfile::NamedTempFile;
use tracing::{error, info};

use crate::fault::Fault;
use crate::values::HostName;

/// Where certificates come from, and whose are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The certificate's chain and its key; `None`: one of our own.
    pub(crate) files: Option<(PathBuf, PathBuf)>,
    /// Those of virtual hosts that have their own.
    pub(crate) hosts: Vec<(HostName, (PathBuf, PathBuf))>,
    /// Who signs the certificates of clients, and whether they must have one.
    pub(crate) clients: Option<(PathBuf, ClientCertificates)>,
    /// The oldest version that is spoken.
    pub(crate) minimum: Version,
}

/// TLS as it is configured, to be read again on request.
#[derive(Debug)]
pub(crate) struct Certificates {
    source: Source,
    tls: Tls,
    fingerprints: Fingerprints,
}

/// The SHA-256 of each certificate.
#[derive(Debug)]
struct Fingerprints {
    server: String,
    hosts: BTreeMap<HostName, String>,
}

impl Certificates {
    /// Reads them; makes our own where none are given.
    pub(crate) fn open(source: Source) -> Result<Self, Fault> {
        let (builder, fingerprints) = source.read()?;
        let tls = builder.build().map_err(|cause| Fault::Tls(cause.to_string()))?;
        Ok(Self { source, tls, fingerprints })
    }

    /// What the adapters take.
    pub(crate) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// The SHA-256 of the server's certificate.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprints.server
    }

    /// The SHA-256 of the certificate that this host has for itself.
    pub(crate) fn fingerprint_of(&self, host: &HostName) -> Option<&str> {
        self.fingerprints.hosts.get(host).map(String::as_str)
    }

    /// Whether the server's certificate is one that we made.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.source.files.is_none()
    }

    /// Reads them again. Sessions go on as they are; where the files are broken, everything does.
    pub(crate) fn reload(&mut self) {
        let replaced = self.source.read().and_then(|(builder, fingerprints)| {
            self.tls.replace(builder).map_err(|cause| Fault::Tls(cause.to_string()))?;
            Ok(fingerprints)
        });
        match replaced {
            Ok(fingerprints) => {
                for (host, fingerprint) in &fingerprints.hosts {
                    info!(%host, "certificate read again: SHA-256 {fingerprint}");
                }
                info!("certificates read again: SHA-256 {}", fingerprints.server);
                self.fingerprints = fingerprints;
            }
            Err(fault) => error!("{fault}; the certificates stay as they were"),
        }
    }
}

impl Source {
    fn read(&self) -> Result<(TlsBuilder, Fingerprints), Fault> {
        let identity = match &self.files {
            Some((chain, key)) => from_files(chain, key)?,
            None => own()?,
        };
        let mut fingerprints = Fingerprints { server: identity.fingerprint(), hosts: BTreeMap::new() };
        let mut builder = Tls::builder(identity).minimum(self.minimum);
        for (host, (chain, key)) in &self.hosts {
            let identity = from_files(chain, key)?;
            fingerprints.hosts.insert(host.clone(), identity.fingerprint());
            builder = builder.host(host.canonical(), identity);
        }
        if let Some((file, demand)) = &self.clients {
            let unreadable = |cause| Fault::Certificate { path: file.clone(), cause: io::Error::to_string(&cause) };
            builder = builder.client_certificates(*demand, &fs::read(file).map_err(unreadable)?);
        }
        Ok((builder, fingerprints))
    }
}

fn from_files(chain: &Path, key: &Path) -> Result<Identity, Fault> {
    Identity::from_files(chain, key)
        .map_err(|cause| Fault::Certificate { path: chain.to_path_buf(), cause: cause.to_string() })
}

/// Our own certificate: the one that is kept, or a new one.
fn own() -> Result<Identity, Fault> {
    let directory = state_directory();
    let kept = directory.join("identity.pem");
    if !kept.exists() {
        make(&directory, &kept)
            .map_err(|cause| Fault::Certificate { path: directory.clone(), cause: cause.to_string() })?;
    }
    from_files(&kept, &kept)
}

/// Makes a self-signed certificate, and keeps it with its key, readable by its owner only.
///
/// Both are one file, which takes its name when it is whole: another server may be at it too, and two files of two
/// servers would never fit together again. Who comes first wins.
fn make(directory: &Path, kept: &Path) -> io::Result<()> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut params = CertificateParams::new(vec![name.clone(), "localhost".into()]).map_err(io::Error::other)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let pair = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.self_signed(&pair).map_err(io::Error::other)?;
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // Nobody else can open it, nor guess its name; and nothing is left of it where this fails.
    let mut aside = NamedTempFile::new_in(directory)?;
    aside.write_all(certificate.pem().as_bytes())?;
    aside.write_all(pair.serialize_pem().as_bytes())?;
    aside.as_file().sync_all()?;
    match aside.persist_noclobber(kept) {
        Err(taken) if taken.error.kind() != io::ErrorKind::AlreadyExists => Err(taken.error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Where what is kept from run to run lies: `$XDG_STATE_HOME/ftpd`, `~/.local/state/ftpd`, or `/var/lib/ftpd`.
fn state_directory() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    state.unwrap_or_else(|| "/var/lib".into()).join("ftpd")
}
