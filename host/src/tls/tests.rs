//! What is refused before a server runs with it.

use super::testing::Authority;
use super::*;

#[test]
fn certificate_and_key_must_belong_together() {
    let authority = Authority::new();
    let ((certificate, key), (other, _)) = (authority.sign("a", &["a"]), authority.sign("b", &["b"]));
    assert!(Identity::from_pem(certificate.as_bytes(), key.as_bytes()).is_ok());
    assert!(matches!(Identity::from_pem(other.as_bytes(), key.as_bytes()), Err(TlsError::Mismatch(_))));
    assert!(matches!(Identity::from_pem(b"", key.as_bytes()), Err(TlsError::NoCertificate)));
    assert!(matches!(Identity::from_pem(key.as_bytes(), key.as_bytes()), Err(TlsError::NoCertificate)));
    assert!(matches!(Identity::from_pem(certificate.as_bytes(), b"nothing"), Err(TlsError::BadKey(_))));
    let torn = &certificate.as_bytes()[..100];
    assert!(Identity::from_pem(torn, key.as_bytes()).is_err());
}

#[test]
fn files_are_read_and_those_missing_named() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("a", &["a"]);
    let directory = tempfile::tempdir().unwrap();
    let both = directory.path().join("both.pem");
    std::fs::write(&both, certificate.clone() + &key).unwrap();
    let identity = Identity::from_files(&both, &both).unwrap();
    let fingerprint = identity.fingerprint();
    assert_eq!(fingerprint, Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap().fingerprint());
    assert_eq!((fingerprint.len(), fingerprint.matches(':').count()), (95, 31));
    assert!(fingerprint.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b':')));
    let missing = directory.path().join("missing.pem");
    let error = Identity::from_files(&missing, &both).unwrap_err();
    assert!(error.to_string().contains("missing.pem"), "{error}");
}

#[test]
fn each_certificate_has_a_fingerprint_of_its_own() {
    let authority = Authority::new();
    let identity = authority.identity("a");
    assert_ne!(identity.fingerprint(), authority.identity("a").fingerprint());
    assert_eq!(format!("{identity:?}"), format!("Identity({:?})", identity.fingerprint()));
}

#[test]
fn what_cannot_be_used_replaces_nothing() {
    let authority = Authority::new();
    let tls = authority.tls();
    let before = format!("{tls:?}");
    let bad = Tls::builder(authority.identity("b")).client_certificates(ClientCertificates::Required, b"");
    assert!(matches!(tls.replace(bad), Err(TlsError::NoCertificate)));
    assert_eq!(format!("{tls:?}"), before);
    tls.clone().replace(Tls::builder(authority.identity("b"))).unwrap();
    assert_ne!(format!("{tls:?}"), before, "clones are one");
}
