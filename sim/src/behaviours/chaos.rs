//! A client that says and does anything, in any order: every verb with arguments that fit and arguments that do not, lines
//! without waiting, ABOR at any moment, data connections that come, stay away, come twice or from elsewhere.
//!
//! What it changes is in one directory, so that others can count on theirs.

use std::net::SocketAddr;
use std::time::Duration;

use ftp_proto::verb::TABLE;

use super::{Guest, Layer};
use crate::client::{Ftp, Gone, Listener, Reply, Socket};

/// What a chaotic client may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// How many things it does.
    pub steps: u32,
    /// The directory that it changes things in: an absolute path.
    pub directory: String,
}

/// Does so many things by chance, and leaves one way or the other.
pub async fn chaos(ftp: Ftp, guest: Guest, what: Chaos) {
    let Chaos { steps, directory } = what;
    let mut it = Storm { ftp, guest, directory, passive: None, listener: None, sockets: Vec::new() };
    let mut connections = 0;
    for _ in 0..steps {
        if !it.ftp.is_connected() {
            connections += 1;
            if connections > MOST_CONNECTIONS {
                break;
            }
            it.ftp.sleep(Duration::from_secs(1)).await;
            if it.begin().await.is_err() {
                it.drop_all();
                continue;
            }
        }
        if it.act().await.is_err() {
            it.drop_all();
        }
    }
    if it.ftp.is_connected() && it.end().await.is_err() {
        it.drop_all();
    }
}

struct Storm {
    ftp: Ftp,
    guest: Guest,
    directory: String,
    /// Where the server listens, as it said last.
    passive: Option<SocketAddr>,
    listener: Option<Listener>,
    sockets: Vec<Socket>,
}

impl Storm {
    fn drop_all(&mut self) {
        self.ftp.vanish();
        self.passive = None;
        self.listener = None;
        self.sockets.clear();
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        match self.ftp.below(10) {
            // Says nothing of who it is, or does not wait for the greeting.
            0 => self.ftp.connect().await.map(drop),
            1 => self.ftp.dial().await,
            _ => {
                let guest = self.guest.clone();
                guest.enter(&mut self.ftp).await.map(drop)
            }
        }
    }

    async fn act(&mut self) -> Result<(), Gone> {
        match self.ftp.below(100) {
            0..40 => {
                for _ in 0..=self.ftp.below(6) {
                    let line = self.line();
                    self.say(line).await?;
                }
                self.hear(2).await
            }
            40..55 => self.hear(20).await,
            55..75 => {
                self.data().await;
                Ok(())
            }
            75..82 => self.transfer().await,
            82..87 => self.abort().await,
            87..89 => {
                let line = format!("USER {}\r\nPASS {}\r\n", self.guest.name, self.guest.password);
                self.say(line.into_bytes()).await
            }
            89..92 => {
                let wait = self.ftp.below(100);
                self.ftp.sleep(Duration::from_secs(wait)).await;
                Ok(())
            }
            92 => {
                let wait = self.ftp.below(400);
                self.ftp.sleep(Duration::from_secs(wait)).await;
                self.hear(1).await
            }
            93 => self.secure().await,
            94 => {
                self.ftp.half_close();
                self.settle().await
            }
            95 => self.say(b"QUIT\r\n".to_vec()).await,
            96 => {
                self.drop_all();
                Ok(())
            }
            _ => self.settle().await,
        }
    }

    async fn end(&mut self) -> Result<(), Gone> {
        match self.ftp.below(4) {
            0 => {
                self.drop_all();
                Ok(())
            }
            1 => {
                self.ftp.half_close();
                self.settle().await
            }
            _ => {
                self.ftp.say_bytes(b"\r\n".to_vec()).await?;
                self.settle().await?;
                self.ftp.quit().await
            }
        }
    }

    /// Says bytes whole, or in two pieces.
    async fn say(&mut self, bytes: Vec<u8>) -> Result<(), Gone> {
        if self.ftp.below(10) > 0 {
            return self.ftp.say_bytes(bytes).await;
        }
        let at = self.ftp.below(bytes.len() as u64) as usize;
        self.ftp.say_bytes(bytes[..at].to_vec()).await?;
        self.ftp.sleep(Duration::from_millis(300)).await;
        self.ftp.say_bytes(bytes[at..].to_vec()).await
    }

    /// Listens so many seconds at most, or until nothing more is to come.
    async fn hear(&mut self, secs: u64) -> Result<(), Gone> {
        let until = self.ftp.now() + Duration::from_secs(secs);
        while self.ftp.unanswered() > 0 && self.ftp.now() < until {
            let left = until.since(self.ftp.now());
            match self.ftp.reply_within(left).await? {
                Some(reply) => self.understand(&reply).await?,
                None => break,
            }
        }
        Ok(())
    }

    /// Listens until nothing more is to come. What was promised must come, whatever was done.
    async fn settle(&mut self) -> Result<(), Gone> {
        while self.ftp.owes() {
            let reply = self.ftp.reply().await?;
            self.understand(&reply).await?;
        }
        Ok(())
    }

    async fn understand(&mut self, reply: &Reply) -> Result<(), Gone> {
        let text = reply.text();
        match reply.code {
            227 => self.passive = self.ftp.passive_address(&text),
            229 => self.passive = self.ftp.extended_address(&text),
            234 if self.ftp.below(5) > 0 => {
                let session = self.ftp.shake_hands().await?;
                self.ftp.protect_data(session.filter(|_| self.ftp.below(2) > 0));
            }
            // Behind a REIN.
            220 if self.ftp.is_secured() && self.ftp.below(5) > 0 => {
                self.ftp.end_tls().await?;
                self.ftp.protect_data(None);
            }
            _ => {}
        }
        Ok(())
    }

    async fn secure(&mut self) -> Result<(), Gone> {
        self.settle().await?;
        if self.guest.layer == Layer::Tls {
            self.ftp.say("AUTH TLS").await?;
            return self.settle().await;
        }
        self.ftp.say("AUTH TLS-C").await
    }

    /// ABOR, in one of the ways that clients have (RFC 959, page 58).
    async fn abort(&mut self) -> Result<(), Gone> {
        let bytes = self.ftp.pick(ABORTS).to_vec();
        self.ftp.say_bytes(bytes).await?;
        self.hear(5).await
    }

    /// A transfer as it should be, up to some point.
    async fn transfer(&mut self) -> Result<(), Gone> {
        self.settle().await?;
        if self.ftp.below(4) == 0 {
            let (listener, line) = self.ftp.listen_somewhere();
            self.listener = Some(listener);
            self.ftp.say(line).await?;
        } else {
            let line = *self.ftp.pick(&["EPSV", "PASV"]);
            self.ftp.say(line).await?;
        }
        self.settle().await?;
        let command = *self.ftp.pick(&["RETR a.txt", "RETR b.bin", "LIST", "MLSD", "STOR new", "APPE new", "NLST"]);
        let command = command.replace(' ', &format!(" {}/", self.directory.trim_end_matches('/')));
        self.ftp.say(command).await?;
        for _ in 0..=self.ftp.below(5) {
            self.data().await;
            self.hear(1).await?;
        }
        Ok(())
    }

    /// One thing with a data connection.
    async fn data(&mut self) {
        let wait = self.ftp.below(5);
        let until = self.ftp.now() + Duration::from_secs(1 + wait);
        match self.ftp.below(14) {
            0..4 => {
                if let Some(to) = self.passive
                    && self.sockets.len() < MOST_SOCKETS
                    && let Ok(socket) = self.ftp.dial_data(to, None, until).await
                {
                    self.sockets.push(socket);
                }
            }
            4 => {
                let stranger = SocketAddr::new([203, 0, 113, 9].into(), 5_000 + self.ftp.below(1_000) as u16);
                if let Some(to) = self.passive
                    && let Ok(socket) = self.ftp.dial_data(to, Some(stranger), until).await
                {
                    socket.close();
                }
            }
            5..7 => {
                if let Some(listener) = &self.listener
                    && self.sockets.len() < MOST_SOCKETS
                    && let Ok(socket) = listener.accept(until).await
                {
                    self.sockets.push(socket);
                }
            }
            7 => self.listener = None,
            what => {
                let Some(socket) = self.sockets.pop() else { return };
                if self.use_data(&socket, what, until).await {
                    self.sockets.push(socket);
                } else if self.ftp.below(3) > 0 {
                    socket.close();
                }
            }
        }
    }

    /// Whether it goes on.
    async fn use_data(&mut self, socket: &Socket, what: u64, until: crate::Moment) -> bool {
        match what {
            8 | 9 => {
                let mut goes_on = true;
                for _ in 0..=self.ftp.below(20) {
                    goes_on = matches!(socket.read(16 * 1024, until).await, Ok(Ok(_)));
                    if !goes_on {
                        break;
                    }
                }
                goes_on
            }
            10 | 11 => {
                let lines = 1 + self.ftp.below(3_000) as usize;
                let bytes =
                    if self.ftp.below(5) > 0 { b"a line\r\n".repeat(lines) } else { b"\xFF\0\x80".repeat(lines) };
                socket.write(bytes, until).await.is_ok()
            }
            12 => {
                if let Some(hello) = self.ftp.data_hello() {
                    return socket.secure(hello, until).await.is_ok();
                }
                socket.finish();
                true
            }
            _ => false,
        }
    }

    /// One line, or what is none.
    fn line(&self) -> Vec<u8> {
        let ftp = &self.ftp;
        let verb = match ftp.below(100) {
            0..4 => return ftp.pick(NOISE).to_vec(),
            4 => return [vec![b'x'; 4_000 + ftp.below(9_000) as usize], b"\r\n".to_vec()].concat(),
            5 => {
                let bytes: Vec<u8> = (0..1 + ftp.below(40)).map(|_| ftp.below(256) as u8).collect();
                return [bytes, b"\r\n".to_vec()].concat();
            }
            6..45 => *ftp.pick(USUAL),
            _ => loop {
                // Most sessions are to last longer than that.
                let verb = ftp.pick(TABLE).name;
                if !matches!(verb, "QUIT" | "AUTH" | "CCC" | "REIN" | "USER") || ftp.below(20) == 0 {
                    break verb;
                }
            },
        };
        let (kind, arguments) = fitting(verb);
        let argument = match ftp.below(20) {
            0 => "9 \"x",
            _ => *ftp.pick(arguments),
        };
        let directory = self.directory.trim_end_matches('/');
        let argument = match kind {
            Kind::Word => argument.to_owned(),
            Kind::Path => format!("{directory}/{argument}"),
            Kind::Template => argument.replace('@', directory),
        };
        let gap = if argument.is_empty() { "" } else { " " };
        format!("{verb}{gap}{argument}\r\n").into_bytes()
    }
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It stands as it is.
    Word,
    /// A name in the client's directory.
    Path,
    /// `@` stands for the client's directory.
    Template,
}

/// Arguments that make something of a verb.
fn fitting(verb: &str) -> (Kind, &'static [&'static str]) {
    use Kind::{Path, Template, Word};
    match verb {
        "USER" => (Word, &["nobody", "anonymous", ""]),
        "PASS" => (Word, &["wrong", ""]),
        "ACCT" => (Word, &["blue"]),
        "CWD" => (Template, &["@", "@/dir", "..", "/", "@/missing", "@/a.txt", "../../..", ""]),
        "MLSD" | "DSIZ" | "AVBL" => (Template, &["@", "@/dir", "", "@/missing", "@/a.txt"]),
        "PORT" => (Word, &["198,51,100,7,200,2", "10,0,0,1,0,21", "1,2,3", "300,1,1,1,1,1"]),
        "EPRT" => (Word, &["|1|198.51.100.7|2000|", "|2|::1|2000|", "|1|10.0.0.1|70000|"]),
        "LPRT" => (Word, &["4,4,198,51,100,7,2,200,2", "6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,200,2"]),
        "EPSV" => (Word, &["", "", "1", "2", "ALL"]),
        "TYPE" => (Word, &["I", "I", "A", "E", "L 8", "A N", "L 7", "X"]),
        "STRU" => (Word, &["F", "F", "R", "P"]),
        "MODE" => (Word, &["S", "S", "B", "C", "Z", "Q"]),
        "STOR" | "APPE" | "MKD" | "STOU" => (Path, &["new", "dir/new", "a.txt", "missing/x", "dir", ""]),
        "RETR" | "SIZE" | "RNFR" | "RNTO" | "DELE" | "HASH" | "XCRC" | "XMD5" | "XSHA" | "XSHA1" | "XSHA256"
        | "XSHA512" | "MD5" | "MLST" => (Path, &["a.txt", "b.bin", "new", "dir/new", "missing", "dir", "../.."]),
        "ALLO" => (Word, &["5", "5 R 2", "99999999999"]),
        "REST" => (Word, &["0", "5", "12", "300", "99999999999", "x"]),
        "RMD" => (Path, &["dir", "new", "a.txt"]),
        "MFMT" | "MFCT" => (Template, &["20200102030405 @/a.txt", "20200102030405 @/missing", "2020 x"]),
        "MFF" => (Template, &["Modify=20200102030405; @/a.txt", "UNIX.mode=0600; @/a.txt", "x"]),
        "MDTM" => (Template, &["@/a.txt", "20200102030405 @/a.txt", "@/missing"]),
        "SITE" => (
            Template,
            &[
                "UMASK 022",
                "HELP",
                "COPY @/a.txt @/b.bin",
                "CPFR @/a.txt",
                "CPTO @/c.txt",
                "MKDIR @/x/y",
                "RMDIR @/x",
                "RMDIR @/dir",
                "CHMOD 600 @/a.txt",
                "CHOWN bob:staff @/a.txt",
                "IDLE 30",
                "QUOTA",
                "WHO",
                "SYMLINK @/a.txt @/link",
                "UTIME 20200102030405 @/a.txt",
                "NONSENSE",
            ],
        ),
        "OPTS" => (Word, &["UTF8 ON", "MLST size;type;", "HASH MD5", "MODE Z LEVEL 9", "NONSENSE"]),
        "LANG" => (Word, &["en", "de", ""]),
        "HELP" => (Word, &["", "RETR", "SITE", "NONSENSE"]),
        "PRET" => (Template, &["RETR @/a.txt", "STOR @/new", "LIST", "PWD"]),
        "RANG" => (Word, &["0 4", "1 0", "5 999"]),
        "COMB" => (Template, &["@/new @/a.txt", "@/new @/a.txt @/b.bin", "@/a.txt @/a.txt"]),
        "MMD5" => (Template, &["@/a.txt, @/b.bin", "@/a.txt", "@/a.txt, @/missing"]),
        "HOST" => (Word, &["one.example", "192.0.2.1"]),
        "AUTH" => (Word, &["TLS", "TLS", "KERBEROS"]),
        "PBSZ" => (Word, &["0", "x"]),
        "PROT" => (Word, &["P", "P", "C", "S"]),
        "SSCN" => (Word, &["ON", "OFF", ""]),
        "CSID" => (Word, &["Name=x;"]),
        "SMNT" | "ADAT" | "MIC" | "CONF" | "ENC" | "CLNT" => (Word, &["x"]),
        "LIST" | "NLST" | "STAT" => (Template, &["", "", "@", "-la @", "-R @", "@/*.txt", "@/missing", "@/dir"]),
        _ => (Word, &[""]),
    }
}

/// Plain, with Telnet's IP and Synch, and where the DM of the Synch is lost.
const ABORTS: &[&[u8]] = &[b"ABOR\r\n", b"\xFF\xF4\xFF\xF2ABOR\r\n", b"\xFF\xF4\xFFABOR\r\n"];

/// What stands where a command should.
const NOISE: &[&[u8]] = &[
    b"\r\n",
    b"NONSENSE\r\n",
    b"\xFF\xFB\x01",
    b"\xFF\xFD\x03",
    b"\xFF\xF1",
    b"\xFF\xFFx\r\n",
    b"RETR a\0b\r\n",
    b"CWD a\rb\r\n",
    b"NO",
    b"SIZE \xC3\xBC\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b" NOOP\r\n",
    b"NOOP\n",
    b"NOOP \r\n",
];

/// What is used more often than the rest, since little happens without it.
const USUAL: &[&str] = &[
    "EPSV", "EPSV", "PASV", "RETR", "RETR", "STOR", "STOR", "LIST", "MLSD", "APPE", "ABOR", "NOOP", "NOOP", "STAT",
    "MODE", "TYPE", "REST",
];

const MOST_CONNECTIONS: u32 = 30;
const MOST_SOCKETS: usize = 3;
