//! Other protocols, spoken to our port.

use super::*;

#[test]
fn http_smtp_and_tls_are_told_from_ftp() {
    for line in [
        &b"GET / HTTP/1.1"[..],
        b"get /",
        b"POST /upload HTTP/1.0",
        b"HEAD / HTTP/1.1",
        b"PUT x",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT host:21 HTTP/1.1",
        b"PATCH / HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"EHLO example.com",
        b"HELO",
        b"MAIL FROM:<a@example.com>",
        b"RCPT TO:<a@example.com>",
        b"GET \0",
        b"Host: 192.0.2.1",
        b"User-Agent: x",
        b"Access-Control-Request-Method: POST",
        b"HOST:",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ] {
        assert_eq!(parse(line), Err(CommandError::ForeignProtocol), "{}", line.escape_ascii());
    }
}

#[test]
fn ftp_is_not_taken_for_another_protocol() {
    for line in [
        &b"STAT"[..],
        b"HELP",
        b"HOST example.com",
        b"STOR GET / HTTP/1.1",
        b"RETR Host: x",
        b"CWD a:b",
        b"OPTS UTF8 ON",
        b"USER a:b",
        b"XYZZY HTTP/1",
        b"GETS x",
        b"XYZZY a: b",
    ] {
        assert_ne!(parse(line), Err(CommandError::ForeignProtocol), "{}", line.escape_ascii());
    }
    for line in [&b":"[..], b": x", b"1:", b"a b: c", b"\x16"] {
        assert_ne!(parse(line), Err(CommandError::ForeignProtocol), "{}", line.escape_ascii());
    }
}
