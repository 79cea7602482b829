//! Getting in and out: USER, PASS, ACCT, REIN, QUIT.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::Wire;

pub(super) const CHECKS: &[Check] = &[
    must("login.greeting", "RFC 959 §5.4", "A new connection is greeted by 220", |c| {
        c.connected().expect(220);
    }),
    must("login.user", "RFC 959 §4.1.1", "USER asks for a password, or lets in", |c| {
        c.greeted().ask_any(&c.user(), &[230, 331]);
    }),
    must("login.pass", "RFC 959 §4.1.1", "PASS lets in", |c| {
        let mut wire = c.greeted();
        wire.ask(&c.user(), 331);
        wire.ask(&c.pass(), 230);
    }),
    must("login.verbs-in-any-case", "RFC 959 §5.3", "Verbs may be written in any case", |c| {
        let mut wire = c.greeted();
        wire.ask(&c.user().replacen("USER", "uSeR", 1), 331);
        wire.ask(&c.pass().replacen("PASS", "pass", 1), 230);
        wire.ask("pWd", 257);
    }),
    must("login.user-without-name", "RFC 959 §5.4", "USER without a name is refused, and nothing else", |c| {
        let mut wire = c.greeted();
        wire.ask_any("USER", &[500, 501, 530]);
        wire.ask(&c.user(), 331);
    }),
    must("login.pass-alone", "RFC 959 §5.4", "PASS without USER lets nobody in", |c| {
        let mut wire = c.greeted();
        wire.ask_any(&c.pass(), &[503, 530]);
        wire.ask_any("PWD", &NOT_IN);
    }),
    should("login.pass-alone-503", "RFC 959 §5.4", "PASS without USER is a bad sequence", |c| {
        c.greeted().ask(&c.pass(), 503);
    }),
    must("login.second-pass", "RFC 959 §5.4", "A second PASS puts nobody out", |c| {
        let mut wire = c.login();
        wire.ask_any(&c.pass(), &[202, 230, 503]);
        wire.ask("PWD", 257);
    }),
    must("login.wrong-password", "RFC 959 §5.4", "A wrong password is answered 530", |c| {
        wrong(c, &c.user());
    }),
    must("login.again-after-a-mistake", "RFC 959 §4.1.1", "After a wrong password the right one gets in", |c| {
        let mut wire = wrong(c, &c.user());
        wire.ask(&c.user(), 331);
        wire.ask(&c.pass(), 230);
    }),
    should("login.unknown-user-331", "RFC 2577 §7", "A name that nobody has is asked for a password too", |c| {
        c.greeted().ask("USER nobody-has-this-name", 331);
    }),
    should(
        "login.unknown-user-530",
        "RFC 2577 §7",
        "Name or password: the answer does not tell which was wrong",
        |c| {
            let [known, unknown] = [c.user(), "USER nobody-has-this-name".to_owned()].map(|user| {
                let mut wire = c.greeted();
                let name = user[5..].to_owned();
                let asked = without(&name, &wire.ask(&user, 331).text());
                (asked, without(&name, &wire.ask("PASS certainly wrong", 530).text()))
            });
            assert_eq!(known, unknown);
        },
    ),
    should("login.no-guessing", "RFC 2577 §5", "A few wrong passwords end the session", |c| {
        let mut wire = c.greeted();
        for _ in 0..6 {
            if wire.ask_any(&c.user(), &[331, 421]).code == 421 || last_try(&mut wire) {
                assert!(wire.rest().iter().all(|reply| reply.code == 421));
                return;
            }
        }
        panic!("six wrong passwords, and the session is still open");
    }),
    must("login.needed-for-directories", "RFC 959 §5.4", "Nothing about directories before the login", |c| {
        refused_outside(c, &["PWD", "CWD /", "CDUP", "MKD d", "RMD d"]);
    }),
    must("login.needed-for-transfers", "RFC 959 §5.4", "No transfer before the login", |c| {
        refused_outside(c, &["RETR a", "STOR a", "APPE a", "LIST", "NLST"]);
    }),
    must("login.needed-for-data", "RFC 959 §5.4", "No data connection before the login", |c| {
        refused_outside(c, &["PASV", "EPSV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|51201|"]);
    }),
    must("login.needed-for-files", "RFC 959 §5.4", "Nothing is removed or renamed before the login", |c| {
        refused_outside(c, &["DELE a", "RNFR a", "RNTO b"]);
    }),
    must("login.needed-for-facts", "RFC 3659 §2.4", "No fact about a file is told before the login", |c| {
        refused_outside(c, &["SIZE a", "MDTM a", "MLST a", "MLSD", "STAT /"]);
    }),
    must("login.needed-for-site", "RFC 959 §5.4", "SITE changes nothing before the login", |c| {
        refused_outside(c, &["SITE CHMOD 600 a"]);
    }),
    should("login.help-outside", "RFC 959 §4.1.3", "HELP works before the login", |c| {
        c.greeted().ask_any("HELP", &[211, 214]);
    }),
    may("login.syst-outside", "RFC 959 §4.1.3", "SYST works before the login", |c| {
        c.greeted().ask("SYST", 215);
    }),
    may("login.noop-outside", "RFC 959 §4.1.3", "NOOP works before the login", |c| {
        c.greeted().ask("NOOP", 200);
    }),
    may("login.stat-outside", "RFC 959 §4.1.3", "STAT works before the login", |c| {
        c.greeted().ask_any("STAT", &[211, 212]);
    }),
    should("login.feat-outside", "RFC 2389 §3.1", "FEAT works before the login", |c| {
        c.greeted().ask("FEAT", 211);
    }),
    may(
        "login.opts-outside",
        "RFC 2389 §4",
        "OPTS UTF8 ON, a first word of many clients, works before the login",
        |c| {
            c.greeted().ask_any("OPTS UTF8 ON", &[200, 202]);
        },
    ),
    may("login.acct", "RFC 959 §4.1.1", "ACCT is known where nobody needs it", |c| {
        optional_any(&mut c.login(), "ACCT anything", &[202, 230, 503]);
    }),
    may("login.user-again", "RFC 959 §4.1.1", "USER begins the login anew at any time", |c| {
        let mut wire = c.login();
        wire.ask(&c.user(), 331);
        wire.ask_any("PWD", &NOT_IN);
        wire.ask(&c.pass(), 230);
        wire.ask("PWD", 257);
    }),
    must("quit.reply", "RFC 959 §4.1.1", "QUIT is answered 221, and the server closes", |c| {
        let mut wire = c.login();
        wire.ask("QUIT", 221);
        wire.expect_closed();
    }),
    must("quit.outside", "RFC 959 §4.1.1", "QUIT works before the login", |c| {
        let mut wire = c.greeted();
        wire.ask("QUIT", 221);
        wire.expect_closed();
    }),
    must("quit.nothing-behind-it", "RFC 959 §4.1.1", "What stands behind QUIT is not run", |c| {
        let mut wire = c.login();
        wire.send("QUIT\r\nMKD d\r\n");
        wire.expect(221);
        wire.expect_closed();
        c.login().ask_any("CWD d", &[550]);
    }),
    should("rein.reply", "RFC 959 §4.1.1", "REIN logs out and keeps the connection", |c| {
        let mut wire = reinitialised(c);
        wire.ask_any("PWD", &NOT_IN);
    }),
    should("rein.login", "RFC 959 §4.1.1", "After REIN one can log in again", |c| {
        let mut wire = reinitialised(c);
        wire.ask(&c.user(), 331);
        wire.ask(&c.pass(), 230);
    }),
    should("rein.forgets-the-directory", "RFC 959 §4.1.1", "After REIN everything is as it was at first", |c| {
        let start = fresh(c).ask("PWD", 257).text();
        let mut wire = reinitialised(c);
        wire.ask(&c.user(), 331);
        wire.ask(&c.pass(), 230);
        assert_eq!(wire.ask("PWD", 257).text(), start);
    }),
    should("rein.pass-alone", "RFC 959 §4.1.1", "After REIN a PASS alone lets nobody in", |c| {
        let mut wire = reinitialised(c);
        wire.ask_any(&c.pass(), &[503, 530]);
    }),
    should("rein.inside-a-login", "RFC 959 §4.1.1", "REIN forgets the USER before it", |c| {
        let mut wire = c.greeted();
        wire.ask(&c.user(), 331);
        optional(&mut wire, "REIN", 220);
        wire.ask_any(&c.pass(), &[503, 530]);
    }),
    may("foreign.http", "RFC 9325 §3.7", "A request of HTTP ends the session: nothing in it is run", |c| {
        let mut wire = c.greeted();
        wire.send(format!("POST / HTTP/1.1\r\nHost: x\r\n\r\n{}\r\n", c.user()));
        assert!(wire.rest().iter().all(|reply| reply.code >= 400));
    }),
    may("foreign.smtp", "RFC 9325 §3.7", "A greeting of SMTP ends the session", |c| {
        let mut wire = c.greeted();
        wire.send("EHLO client.example\r\nNOOP\r\n");
        assert!(wire.rest().iter().all(|reply| reply.code >= 400));
    }),
];

/// What a server says to those who are not logged in.
const NOT_IN: [u16; 3] = [530, 503, 332];

fn refused_outside(c: &Context<'_>, commands: &[&str]) {
    let mut wire = c.greeted();
    for command in commands {
        wire.ask_any(command, &[530, 503, 332, 500, 502]);
    }
}

fn fresh(c: &Context<'_>) -> Wire {
    let mut wire = c.greeted();
    wire.ask(&c.user(), 331);
    wire.ask(&c.pass(), 230);
    wire
}

fn wrong(c: &Context<'_>, user: &str) -> Wire {
    let mut wire = c.greeted();
    wire.ask(user, 331);
    wire.ask("PASS certainly wrong", 530);
    wire
}

/// The text without the words that are this name.
fn without(name: &str, text: &str) -> String {
    let is_name = |word: &&str| word.trim_matches(|c: char| !c.is_alphanumeric()) == name;
    text.split(' ').filter(|word| !is_name(word)).collect::<Vec<_>>().join(" ")
}

/// A wrong password: whether the server closes over it.
fn last_try(wire: &mut Wire) -> bool {
    let reply = wire.ask_any("PASS certainly wrong", &[530, 421]);
    reply.code == 421 || wire.is_closing()
}

fn reinitialised(c: &mut Context<'_>) -> Wire {
    let mut wire = c.login();
    if optional_any(&mut wire, "REIN", &[220, 120]).code == 120 {
        wire.expect(220);
    }
    wire
}
