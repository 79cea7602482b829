use argon2::{Algorithm, Params, Version};

use super::*;
use crate::memory_disk::MemoryDisk;

/// A hash that takes no time, so that tests do not either.
fn quick_hash(password: &[u8]) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(password, b"some salt").unwrap().to_string()
}

fn login(users: &Users, user: &str, password: &str) -> Result<Login, Failure> {
    let peer = ([192, 0, 2, 1], 40_000).into();
    users.authenticate(&Credentials::new(user.as_bytes(), password.as_bytes(), peer))
}

fn users() -> Users {
    let storage: Arc<dyn Storage> = Arc::new(MemoryDisk::new());
    let hashed = Password::hashed(&quick_hash(b"secret")).unwrap();
    Users::new().user("plain", Password::plain("secret"), Permissions::READ_WRITE, Arc::clone(&storage)).user_at(
        "hashed",
        hashed,
        Permissions::DROP,
        storage,
        VirtualPath::parse(b"/in").unwrap(),
    )
}

#[test]
fn the_right_password_logs_in() {
    let account = login(&users(), "plain", "secret").unwrap().account;
    assert_eq!((&*account.name, account.permissions), ("plain", Permissions::READ_WRITE));
    let account = login(&users(), "hashed", "secret").unwrap().account;
    assert_eq!((account.permissions, account.home), (Permissions::DROP, VirtualPath::parse(b"/in").unwrap()));
}

#[test]
fn whatever_is_wrong_the_answer_is_the_same() {
    for (user, password) in [
        ("plain", ""),
        ("plain", "secre"),
        ("plain", "secrets"),
        ("plain", "Secret"),
        ("hashed", "secrets"),
        ("Plain", "secret"),
        ("nobody", "secret"),
        ("", ""),
        ("anonymous", "me@example.org"),
    ] {
        assert_eq!(login(&users(), user, password).err(), Some(Failure::LoginIncorrect), "{user} {password}");
    }
}

#[test]
fn unknown_names_are_checked_against_a_hash_where_users_have_hashes() {
    assert!(matches!(users().decoy, Some(Password::Hashed(_))));
    assert!(Users::new().decoy.is_none());
}

#[test]
fn anonymous_needs_no_password_and_has_two_names() {
    let users = users().anonymous(Permissions::READ_ONLY, Arc::new(MemoryDisk::new()));
    for name in ["anonymous", "ftp", "Anonymous", "FTP"] {
        let account = login(&users, name, "").unwrap().account;
        assert_eq!((&*account.name, account.permissions), ("anonymous", Permissions::READ_ONLY));
    }
    assert!(login(&users, "plain", "").is_err());
}

#[test]
fn a_fresh_hash_is_argon2id_salted_and_good() {
    let hash = hash_password(b"secret");
    assert!(hash.starts_with("$argon2id$v=19$"));
    assert_ne!(hash, hash_password(b"secret"));
    assert!(Password::hashed(&hash).unwrap().matches(&Secret::new(b"secret")));
}

#[test]
fn other_hashes_are_refused() {
    let other = quick_hash(b"secret").replace("argon2id", "argon2i");
    for bad in ["", "secret", "$argon2id$v=19$m=8,t=1,p=1", "$1$salt$hash", &other] {
        assert_eq!(Password::hashed(bad).err(), Some(BadHash), "{bad}");
    }
}

#[test]
fn passwords_are_not_shown() {
    let shown = format!("{:?}", users());
    assert!(!shown.contains("secret") && !shown.contains("argon2id"), "{shown}");
}

/// A certificate of alice's, who is also `alice@example.org`, `alice.example.org` and `ftp`.
fn certificate() -> Arc<[u8]> {
    let mut params = rcgen::CertificateParams::new(["alice.example.org".to_owned(), "ftp".to_owned()]).unwrap();
    params.subject_alt_names.push(rcgen::SanType::Rfc822Name("alice@example.org".try_into().unwrap()));
    params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec().into()
}

fn by_certificate(users: &Users, user: &str, certificate: Option<Arc<[u8]>>) -> Result<Login, Failure> {
    let mut credentials = Credentials::new(user.as_bytes(), b"", ([192, 0, 2, 1], 40_000).into());
    (credentials.password, credentials.certificate) = (None, certificate);
    users.authenticate(&credentials)
}

fn with_names(names: &[&str]) -> Users {
    let storage: Arc<dyn Storage> = Arc::new(MemoryDisk::new());
    let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::clone(&storage));
    names.iter().fold(users, |users, name| {
        users.user(name, Password::plain("secret"), Permissions::READ_WRITE, Arc::clone(&storage))
    })
}

#[test]
fn a_certificate_lets_in_whom_it_names() {
    let users = with_names(&["alice", "alice@example.org", "alice.example.org"]).certificates();
    for name in ["alice", "alice@example.org", "alice.example.org"] {
        let login = by_certificate(&users, name, Some(certificate())).unwrap();
        assert_eq!(&*login.account.name, name);
    }
}

#[test]
fn a_certificate_lets_in_nobody_else() {
    let users = with_names(&["bob", "Alice", "alice", "anonymous", "ftp"]).certificates();
    for name in ["bob", "Alice", "anonymous", "ftp", "", "alice.example.org"] {
        assert_eq!(by_certificate(&users, name, Some(certificate())).unwrap_err(), Failure::LoginIncorrect, "{name}");
    }
    for broken in [None, Some(Arc::from(&b"no certificate"[..])), Some(Arc::from(&certificate()[..100]))] {
        assert_eq!(by_certificate(&users, "alice", broken).unwrap_err(), Failure::LoginIncorrect);
    }
    // Not where nobody asked for it; and a password is as good as it was.
    let users = with_names(&["alice"]);
    assert_eq!(by_certificate(&users, "alice", Some(certificate())).unwrap_err(), Failure::LoginIncorrect);
    assert!(login(&users.certificates(), "alice", "secret").is_ok());
}

#[test]
fn a_certificate_does_not_do_for_a_wrong_password() {
    let users = with_names(&["alice"]).certificates();
    let mut credentials = Credentials::new(b"alice", b"wrong", ([192, 0, 2, 1], 40_000).into());
    credentials.certificate = Some(certificate());
    assert_eq!(users.authenticate(&credentials).unwrap_err(), Failure::LoginIncorrect);
}
