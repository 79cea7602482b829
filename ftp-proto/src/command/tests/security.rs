//! AUTH, PBSZ, PROT, SSCN, HOST and those that carry wrapped commands.

use super::*;
use crate::config::Switch;

fn security(line: &[u8]) -> Result<SecurityCommand, CommandError> {
    match parsed(line)? {
        Command::Security(command) => Ok(command),
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_are_exact_in_any_case() {
    for (line, command) in [
        (&b"AUTH TLS"[..], SecurityCommand::Auth(Mechanism::Tls)),
        (b"auth tls-c", SecurityCommand::Auth(Mechanism::TlsC)),
        (b"AUTH TLS-P", SecurityCommand::Auth(Mechanism::TlsP)),
        (b"AUTH ssl", SecurityCommand::Auth(Mechanism::Ssl)),
        (b"PROT C", SecurityCommand::Prot(ProtectionLevel::Clear)),
        (b"PROT s", SecurityCommand::Prot(ProtectionLevel::Safe)),
        (b"PROT E", SecurityCommand::Prot(ProtectionLevel::Confidential)),
        (b"PROT p", SecurityCommand::Prot(ProtectionLevel::Private)),
        (b"SSCN On", SecurityCommand::Sscn(Switch::On)),
        (b"SSCN OFF", SecurityCommand::Sscn(Switch::Off)),
        (b"PBSZ 4294967295", SecurityCommand::Pbsz(u32::MAX)),
        (b"ADAT eA==", SecurityCommand::Wrapped(Verb::Adat, bytes(b"eA=="))),
        (b"ENC  x", SecurityCommand::Wrapped(Verb::Enc, bytes(b" x"))),
    ] {
        assert_eq!(security(line), Ok(command), "{}", line.escape_ascii());
    }
    for (line, verb) in [(&b"AUTH TLS1"[..], Verb::Auth), (b"AUTH  TLS", Verb::Auth), (b"PROT CP", Verb::Prot)] {
        assert_eq!(parse(line), Err(CommandError::NotImplementedFor(verb)), "{}", line.escape_ascii());
    }
    for (line, verb) in [
        (&b"PBSZ 4294967296"[..], Verb::Pbsz),
        (b"PBSZ -1", Verb::Pbsz),
        (b"PBSZ 0x", Verb::Pbsz),
        (b"SSCN 1", Verb::Sscn),
    ] {
        assert_eq!(parse(line), Err(CommandError::BadArgument(verb)), "{}", line.escape_ascii());
    }
    assert_eq!(parse(b"MIC a\x01"), Err(CommandError::ControlByte));
    assert_eq!(parse(b"SSCN"), Ok(Command::Bare(Verb::Sscn)));
}

#[test]
fn a_host_is_a_domain_name_or_an_address() {
    let label = "a".repeat(63);
    for name in ["x", "ftp.example", "xn--e1afmkfd.com", "1.example", "A-b.C", &label] {
        let domain = SecurityCommand::Host(HostName::Domain(name.into()));
        assert_eq!(security(format!("HOST {name}").as_bytes()), Ok(domain), "{name}");
    }
    for (text, address) in
        [("192.0.2.1", "192.0.2.1"), ("[2001:DB8::1]", "2001:db8::1"), ("[::192.0.2.1]", "::192.0.2.1")]
    {
        let host = SecurityCommand::Host(HostName::Address(address.parse().expect("an address")));
        assert_eq!(security(format!("HOST {text}").as_bytes()), Ok(host), "{text}");
    }
    let long = format!("{}.{label}", [label.as_str(); 3].join("."));
    for name in
        ["", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "[::1", "::1", "[a]", "[1.2.3.4]", "\u{fc}", &long]
    {
        let line = format!("HOST {name}");
        assert!(
            matches!(parse(line.as_bytes()), Err(CommandError::BadArgument(_) | CommandError::MissingArgument(_))),
            "{name}"
        );
    }
}
