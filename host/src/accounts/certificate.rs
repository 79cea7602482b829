//! Whom a client's certificate names.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// Whether `certificate` (DER), which was verified, names `user`.
///
/// Letter by letter: a name that holds a NUL, or looks like another, is another.
pub(super) fn names(certificate: &[u8], user: &[u8]) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let by_subject = certificate.subject().iter_common_name().any(|name| name.as_slice() == user);
    by_subject || by_alternative_name(&certificate, user)
}

fn by_alternative_name(certificate: &X509Certificate<'_>, user: &[u8]) -> bool {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match name {
        GeneralName::RFC822Name(name) | GeneralName::DNSName(name) => name.as_bytes() == user,
        _ => false,
    })
}
