//! Does one row's work to one server, by the clock.

use std::fs::File;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::ClientConfig;

use super::{Channel, Row, Sample, Scale, Work, idle, list};
use crate::client::load::{PIECE, Sink, drain, send};
use crate::client::{Control, Link, Login, PATIENCE, drive};
use crate::crowd::{self, Moment, Tally, Turn};
use crate::fault;
use crate::fixture::{Fixture, SMALL, small};
use crate::group::Group;

/// A server under load, and what is there to load it with.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// Who logs in where, in the clear.
    pub login: &'a Login,
    /// The server's processes.
    pub group: &'a Group,
    /// The files.
    pub fixture: &'a Fixture,
    /// How much is done.
    pub scale: &'a Scale,
    /// Settings of clients for rows over TLS.
    pub tls: &'a Arc<ClientConfig>,
    /// Whether it speaks no FTP: then whoever connects has at once what the row is about.
    pub is_ceiling: bool,
}

impl Bench<'_> {
    /// Who logs in where, over the row's channel.
    pub(super) fn login(&self, row: &Row) -> Login {
        let tls = (row.channel == Channel::Tls).then(|| Arc::clone(self.tls));
        Login { tls, ..self.login.clone() }
    }

    /// What the server has used; a session's end is not in it.
    pub(super) fn used(&self, _: Moment) -> io::Result<Duration> {
        self.group.used()
    }
}

/// One of the crowd: its session, and room for what it moves.
pub(super) struct Member {
    pub(super) control: Control,
    pub(super) buffer: Vec<u8>,
}

/// Sessions that are ready.
pub(super) fn members(login: &Login, count: u64) -> io::Result<Vec<Member>> {
    let member = |_| Ok(Member { control: Control::ready(login)?, buffer: vec![0; PIECE] });
    (0..count).map(member).collect()
}

/// Does the row's work for as long as the scale says.
///
/// # Errors
/// Where the server does not do it: what it said instead.
pub fn measure(row: &Row, bench: &Bench<'_>) -> io::Result<Sample> {
    if bench.is_ceiling {
        return ceiling(row, bench);
    }
    let login = bench.login(row);
    match row.work {
        Work::Retrieve(streams) => transfers(bench, &login, streams, retrieve("large.bin", bench.fixture.sizes.large)),
        Work::Store(streams) => stores(bench, &login, streams, "large.bin", |bytes| bytes),
        Work::SmallRetrieve(sessions) => {
            let count = bench.fixture.sizes.small;
            transfers(bench, &login, sessions, move |member, turn| {
                let name = small((turn.time * 7 + turn.member as u64) % count);
                retrieve(&name, SMALL)(member, turn).map(|_| 1)
            })
        }
        Work::SmallStore(sessions) => stores(bench, &login, sessions, &small(0), |_| 1),
        Work::Sized(bytes) => {
            let name = bench.fixture.sparse(bytes)?;
            let once = retrieve(&name, bytes);
            transfers(bench, &login, 1, move |member, turn| once(member, turn).map(|_| 1))
        }
        Work::Pipelined(count) => {
            let commands = drive::NOOP.repeat(usize::try_from(count).unwrap_or(0));
            transfers(bench, &login, 1, move |member, _| member.control.pipeline(&commands, "200"))
        }
        Work::Noop(sessions) => {
            let sessions = (0..sessions).map(|_| Control::ready(&login)).collect::<io::Result<_>>()?;
            noops(bench, sessions)
        }
        Work::Login(sessions) => logins(bench, &login, sessions),
        Work::Idle(sessions) => idle::idle(bench, &login, sessions),
        Work::Among(sessions) => idle::among(bench, &login, sessions),
        Work::List(entries) => list::list(bench, &login, "LIST", entries),
        Work::Mlsd(entries) => list::list(bench, &login, "MLSD", entries),
    }
}

/// The same without FTP.
fn ceiling(row: &Row, bench: &Bench<'_>) -> io::Result<Sample> {
    let (address, large) = (bench.login.address, bench.fixture.sizes.large);
    let crowd = |count: u64, work: &(dyn Fn(&mut Vec<u8>) -> io::Result<u64> + Sync)| {
        let mut members: Vec<Vec<u8>> = (0..count).map(|_| vec![0; PIECE]).collect();
        let tally =
            crowd::run(&mut members, bench.scale.duration, |moment| bench.used(moment), |buffer, _| work(buffer));
        tally.map(sample)
    };
    match row.work {
        Work::Retrieve(streams) => crowd(streams, &|buffer| {
            let mut link = Link::Clear(connect(address)?);
            whole(drain(&mut link, Sink::Drop(buffer))?, large)
        }),
        Work::Store(streams) => {
            let file = File::open(bench.fixture.path("large.bin"))?;
            crowd(streams, &|buffer| {
                let mut link = Link::Clear(connect(address)?);
                let sent = send(&mut link, &file, buffer)?;
                link.socket().shutdown(Shutdown::Write)?;
                // It closes when all is in the file.
                drain(&mut link, Sink::Drop(buffer))?;
                whole(sent, large)
            })
        }
        Work::Noop(sessions) => noops(bench, (0..sessions).map(|_| Control::bare(address)).collect::<io::Result<_>>()?),
        Work::Pipelined(count) => {
            let commands = drive::NOOP.repeat(usize::try_from(count).unwrap_or(0));
            let mut members = [Control::bare(address)?];
            let work = |control: &mut Control, _| control.pipeline(&commands, "200");
            crowd::run(&mut members, bench.scale.duration, |moment| bench.used(moment), work).map(sample)
        }
        _ => Err(fault("it does nothing of the kind")),
    }
}

fn connect(address: std::net::SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Sessions that are ready do the same again and again; once before the clock runs.
pub(super) fn transfers(
    bench: &Bench<'_>,
    login: &Login,
    sessions: u64,
    work: impl Fn(&mut Member, Turn) -> io::Result<u64> + Sync,
) -> io::Result<Sample> {
    let mut members = members(login, sessions)?;
    for (member, state) in members.iter_mut().enumerate() {
        work(state, Turn { member, time: 0 })?;
        state.control.resumed = (0, 0);
    }
    let tally = crowd::run(&mut members, bench.scale.duration, |moment| bench.used(moment), work)?;
    let (resumed, all) = members
        .iter()
        .fold((0, 0), |(resumed, all), member| (resumed + member.control.resumed.0, all + member.control.resumed.1));
    // A session that failed has nobody to say goodbye to.
    for member in members {
        let _ = member.control.quit();
    }
    Ok(Sample { resumed: (all > 0).then(|| resumed as f64 / all as f64), ..sample(tally) })
}

/// RETR of a file whose length is known.
fn retrieve(name: &str, length: u64) -> impl Fn(&mut Member, Turn) -> io::Result<u64> + Sync + use<> {
    let command = format!("RETR {name}");
    move |member, _| whole(member.control.fetch(&command, Sink::Drop(&mut member.buffer))?, length)
}

/// STOR of a file of the fixture under names of each session's own; what is there at the end is looked at.
fn stores(
    bench: &Bench<'_>,
    login: &Login,
    sessions: u64,
    source: &str,
    units: impl Fn(u64) -> u64 + Sync,
) -> io::Result<Sample> {
    let file = File::open(bench.fixture.path(source))?;
    let length = file.metadata()?.len();
    let done = transfers(bench, login, sessions, |member, turn| {
        let name = format!("incoming/up-{}-{}", turn.member, if length > SMALL { 0 } else { turn.time % 100 });
        member.control.store(&name, &file, &mut member.buffer).map(&units)
    })?;
    let entries = std::fs::read_dir(bench.fixture.path("incoming"))?;
    let lengths = entries.map(|entry| Ok(entry?.metadata()?.len())).collect::<io::Result<Vec<u64>>>()?;
    bench.fixture.clear()?;
    match lengths.iter().find(|found| **found != length) {
        // A session that failed leaves its last file cut off; all others are whole.
        Some(found) if done.failures == 0 => Err(fault(format!("an upload of {length} bytes has {found}"))),
        _ => Ok(done),
    }
}

/// NOOP and its reply, in many sessions at once: on as many threads as there are processors, each with its share.
fn noops(bench: &Bench<'_>, mut sessions: Vec<Control>) -> io::Result<Sample> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(sessions.len());
    drive::noops(&mut sessions, drive::Until::Each(1))?;
    let mut shares: Vec<Vec<Control>> = (0..threads).map(|_| Vec::new()).collect();
    for (index, session) in sessions.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(index % threads) {
            share.push(session);
        }
    }
    let duration = bench.scale.duration;
    // The duration is that of the work itself, which is done once.
    let work = |share: &mut Vec<Control>, _| drive::noops(share, drive::after(duration));
    let tally = crowd::run(&mut shares, Duration::ZERO, |moment| bench.used(moment), work)?;
    Ok(sample(tally))
}

/// Connect, log in, QUIT, each by itself. What a server does behind its last reply is counted too.
fn logins(bench: &Bench<'_>, login: &Login, sessions: u64) -> io::Result<Sample> {
    let mut members = vec![(); usize::try_from(sessions).unwrap_or(1)];
    let once = || {
        let mut control = Control::connect(login)?;
        control.log_in(login)?;
        control.quit()?;
        Ok(1)
    };
    once()?;
    crowd::run(&mut members, bench.scale.duration, |_| bench.group.settled(), |(), _| once()).map(sample)
}

/// The bytes, if they are all.
fn whole(bytes: u64, length: u64) -> io::Result<u64> {
    if bytes == length { Ok(bytes) } else { Err(fault(format!("{bytes} of {length} bytes came"))) }
}

/// What the tally is, as a sample.
pub(super) fn sample(tally: Tally) -> Sample {
    let Tally { units, seconds, failures, failure, cpu } = tally;
    Sample { units, seconds, cpu, failures, failure, ..Sample::default() }
}
