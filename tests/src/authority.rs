//! An authority for one test: it signs what servers and clients show each other.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority with a key of its own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// A certificate and its key. `Debug` leaves the key out.
pub struct Credential {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Clone for Credential {
    fn clone(&self) -> Self {
        let key = KeyPair::try_from(self.key.serialize_der()).expect("a key of our own");
        Self { certificate: self.certificate.clone(), pem: self.pem.clone(), key }
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("bytes", &self.certificate.len()).finish_non_exhaustive()
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When the system gives no randomness.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// For a server with these names.
    ///
    /// # Panics
    /// When one of them is no name.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Credential {
        self.sign(names, names.first().unwrap_or(&""), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a client of this name.
    ///
    /// # Panics
    /// When it is no name.
    #[must_use]
    pub fn client(&self, name: &str) -> Credential {
        self.sign(&[], name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Its own certificate.
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// The same as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, names: &[&str], common: &str, purpose: ExtendedKeyUsagePurpose) -> Credential {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Credential { certificate: certificate.der().clone(), pem: certificate.pem(), key }
    }
}

impl Credential {
    /// One that nobody has signed but itself.
    ///
    /// # Panics
    /// When one of the names is none.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
        Self { certificate: certificate.der().clone(), pem: certificate.pem(), key }
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The key as PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The chain and the key, as rustls takes them.
    pub(crate) fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (vec![self.certificate.clone()], PrivatePkcs8KeyDer::from(self.key.serialize_der()).into())
    }
}
