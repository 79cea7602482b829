//! The run: every row, every round, every server in turn, each started anew.

mod estimate;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;

use crate::client::tls::Version;
use crate::fault;
use crate::fixture::{self, Fixture};
use crate::group::{self, Group};
use crate::network::Network;
use crate::peers::{Peer, Programs, Running};
use crate::processors::Placement;
use crate::report::{Environment, Report, RowResult, ServerResult, environment};
use crate::rows::{self, Bench, Row, Sample, Scale};

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rows.
    pub rows: Vec<Row>,
    /// The servers.
    pub peers: Vec<Peer>,
    /// How often each row is measured on each server.
    pub rounds: u32,
    /// How much is done.
    pub scale: Scale,
    /// Which TLS.
    pub version: Version,
    /// Where the files are: this should be in memory.
    pub parent: PathBuf,
    /// What the files are made of.
    pub seed: u64,
    /// Where the programs are.
    pub programs: Programs,
    /// Which processors this and the servers are kept on.
    pub processors: Vec<usize>,
    /// Where client and server are in rows with one session.
    pub placement: Placement,
    /// An earlier run, whose rows are kept where they are whole.
    pub earlier: Option<Report>,
}

impl Plan {
    /// Runs it; `say` is told how it goes, and `keep` is given what there is after each row.
    ///
    /// # Errors
    /// Those of the file system, and of `keep`; where an earlier run was not like this one. What a server does wrong is in the report.
    pub fn run(
        &self,
        mut say: impl FnMut(&str),
        mut keep: impl FnMut(&Report) -> io::Result<()>,
    ) -> io::Result<Report> {
        group::sweep();
        fixture::sweep(&self.parent);
        let fixture = Fixture::make(&self.parent, self.scale.sizes, self.seed)?;
        let tls = fixture.certificate.client(self.version)?;
        let mut missing: BTreeMap<Peer, String> = BTreeMap::new();
        for peer in &self.peers {
            if let Some(reason) = self.programs.missing(*peer) {
                say(&format!("{}: left out: {reason}", peer.name()));
                missing.insert(*peer, reason);
            }
        }
        let network = Network::possible();
        say(&format!("network: {}", network.words()));
        let mut report = Report { environment: self.environment(&missing, network), rows: Vec::new() };
        if self.earlier.as_ref().is_some_and(|earlier| !earlier.environment.is_like(&report.environment)) {
            return Err(fault("the earlier results were measured in another way: they cannot be gone on with"));
        }
        say(&estimate::told(self, &missing));
        let began = Instant::now();
        for (index, row) in self.rows.iter().enumerate() {
            if let Some(done) = self.kept(row) {
                report.rows.push(done.clone());
                continue;
            }
            let minutes = began.elapsed().as_secs() / 60;
            say(&format!("[{}/{}, {minutes} min] {}: {}", index + 1, self.rows.len(), row.id(), row.title()));
            let place = Place { fixture: &fixture, tls: &tls, network };
            report.rows.push(self.row(row, &place, &missing, &mut say)?);
            report.environment.load = environment::load();
            keep(&report)?;
        }
        Ok(report)
    }

    /// What an earlier run measured of it, if that was all.
    fn kept(&self, row: &Row) -> Option<&RowResult> {
        self.earlier.iter().flat_map(|earlier| &earlier.rows).find(|done| done.is_whole(row, &self.peers, self.rounds))
    }

    /// All rounds of a row.
    fn row(
        &self,
        row: &Row,
        place: &Place<'_>,
        missing: &BTreeMap<Peer, String>,
        say: &mut impl FnMut(&str),
    ) -> io::Result<RowResult> {
        let asked = self.peers.iter().filter(|peer| row.is_for(**peer));
        let mut servers: Vec<ServerResult> = asked.map(|peer| self.asked(row, *peer, missing)).collect();
        for round in 0..self.rounds {
            for server in servers.iter_mut().filter(|server| server.missing.is_none()) {
                let done = place.network.run(|| self.sample(row, server.peer, round, place));
                place.fixture.clear()?;
                match done {
                    Ok(sample) => {
                        if let Some(failure) = &sample.failure {
                            say(&format!("  {}: {} failed: {failure}", server.peer.name(), sample.failures));
                        }
                        server.samples.push(Sample { round, ..sample });
                    }
                    Err(error) => {
                        say(&format!("  {}: n/a: {error}", server.peer.name()));
                        server.missing = Some(error.to_string());
                    }
                }
            }
        }
        Ok(RowResult::new(row, servers))
    }

    /// A server before its first round, and why there will be none.
    fn asked(&self, row: &Row, peer: Peer, missing: &BTreeMap<Peer, String>) -> ServerResult {
        let too_many = peer.most_sessions().filter(|(most, _)| row.sessions() > *most).map(|(_, why)| why.to_owned());
        let missing = missing.get(&peer).cloned().or(too_many);
        ServerResult { peer, samples: Vec::new(), missing }
    }

    /// One round of one server: started, verified where it is the first, measured, ended.
    fn sample(&self, row: &Row, peer: Peer, round: u32, place: &Place<'_>) -> io::Result<Sample> {
        let Place { fixture, tls, .. } = *place;
        let running = Running::start(peer, &self.programs, fixture, row.channel)?;
        if row.is_on_one_thread() {
            self.placement.put(&self.processors, &running.group.processes()?)?;
        }
        let login = running.login();
        let is_ceiling = peer.ceiling().is_some();
        let bench = Bench { login: &login, group: &running.group, fixture, scale: &self.scale, tls, is_ceiling };
        let done = match round {
            0 => rows::verify(row, &bench).and_then(|()| rows::measure(row, &bench)),
            _ => rows::measure(row, &bench),
        };
        running.stop()?;
        done
    }

    fn environment(&self, missing: &BTreeMap<Peer, String>, network: Network) -> Environment {
        let there = self.peers.iter().filter(|peer| !missing.contains_key(peer) && peer.ceiling().is_none());
        let versions = there.map(|peer| (peer.name().to_owned(), self.programs.version(*peer))).collect();
        let group = Group::new();
        let counted = group.method().to_owned();
        let _ = group.end();
        Environment::look(self, counted, network, versions)
    }
}

/// What all samples of a run have.
struct Place<'a> {
    fixture: &'a Fixture,
    tls: &'a Arc<ClientConfig>,
    network: Network,
}
