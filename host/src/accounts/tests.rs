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
