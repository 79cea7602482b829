//! What a policy about TLS asks for, and who gets round it elsewhere.

use ftp_proto::config::{Demand, Switch};
use ftp_tests::{Protection, Resume, Security, TlsClient, TlsVersion};

use super::*;

/// What may be said to a data connection that is not as the policy has it.
const NOT_THAT_ONE: [u16; 3] = [425, 522, 534];

#[test]
fn data_connections_that_resume_nothing_or_the_session_of_another() {
    let server = Setup::new().tls().config(|config| config.tls.data_reuse = Demand::Required).start();
    server.put("a", b"content");
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version);
        let explicit = |tls: &TlsClient| server.login_over(&Security::Explicit(tls.clone()));
        let mut own = explicit(&tls);
        for _ in 0..5 {
            assert_eq!(own.fetch(Way::Epsv, "RETR a"), b"content", "{version:?}");
        }
        let mut fresh = explicit(&tls.clone().resume(Resume::Never));
        let opened = fresh.open(Way::Epsv);
        fresh.say("RETR a");
        let (got, _) = opened.connection().drain().unwrap();
        assert_eq!(got, b"", "{version:?}");
        turned_down(&mut fresh);
        let other = explicit(&tls);
        own.set_sessions(other.sessions().unwrap().clone());
        let opened = own.open(Way::Epsv);
        own.say("RETR a");
        let (got, _) = opened.connection().drain().unwrap();
        assert_eq!(got, b"", "{version:?}");
        turned_down(&mut own);
    }
}

/// A 150 may have come before.
#[track_caller]
fn turned_down(wire: &mut Wire) {
    let codes = [&NOT_THAT_ONE[..], &[150]].concat();
    if wire.expect_any(&codes).code == 150 {
        wire.expect_any(&NOT_THAT_ONE);
    }
    wire.ask("NOOP", 200);
}

#[test]
fn a_login_in_the_clear_where_tls_is_required() {
    let server = Setup::new().tls().config(|config| config.tls.login = Demand::Required).start();
    let mut wire = server.wire();
    for name in ["alice", "nobody-of-this-name"] {
        wire.ask_any(&format!("USER {name}"), &[530, 534]);
    }
    wire.ask_any("PASS secret", &[503, 530, 534]);
    wire.auth(&TlsClient::new());
    wire.log_in("alice", "secret");
}

#[test]
fn data_in_the_clear_where_tls_is_required() {
    let server = Setup::new().tls().config(|config| config.tls.data = Demand::Required).start();
    server.put("a", b"content");
    let mut wire = server.login_over(&Security::Explicit(TlsClient::new()));
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    // Whether it is PROT C that is refused or the transfer.
    if wire.ask_any("PROT C", &[200, 534]).code == 200 {
        wire.set_protection(Protection::Clear);
        wire.ask_any("RETR a", &[521, 522, 534]);
        return;
    }
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    let mut clear = server.login();
    let opened = clear.open(Way::Epsv);
    clear.ask_any("RETR a", &[521, 522, 534]);
    drop(opened);
}

#[test]
fn an_upload_cut_by_a_bare_fin_is_taken_only_where_the_policy_says_so() {
    for strict in [Switch::On, Switch::Off] {
        let server = Setup::new().tls().config(|config| config.tls.strict_end = strict).start();
        server.put("a", b"before");
        for version in TlsVersion::ALL {
            let mut wire = server.login_over(&Security::Implicit(TlsClient::new().version(version)));
            let opened = wire.open(Way::Epsv);
            wire.ask("STOR a", 150);
            let mut data = opened.connection();
            data.write_all(b"after").unwrap();
            data.cut().unwrap();
            if strict == Switch::On {
                wire.expect_any(&[426, 451]);
                assert_eq!(server.content("a").unwrap(), b"before");
            } else {
                wire.expect(226);
                assert_eq!(server.content("a").unwrap(), b"after");
            }
        }
    }
}
