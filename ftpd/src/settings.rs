//! What the operator decided: command line, file and defaults made into one, and checked as a whole.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::trace::Payloads;
use ftp_proto::verb::{Verb, VerbSet};

use crate::arguments::{CommandLine, Options};
use crate::configuration::{self, Configuration};
use crate::fault::Fault;
use crate::hosts::Host;
use crate::secure::Source;
use crate::values::{
    Access, Anonymous, ClientCertificate, FxpNetwork, LogFormat, LogLevel, RuntimeName, TlsMode, TlsVersion, Toggle,
    User,
};

/// Everything that is needed to serve.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What is served to clients that name no virtual host.
    pub(crate) tree: Tree,
    /// The virtual hosts.
    pub(crate) hosts: Vec<Host>,
    /// Where to listen: at least one address.
    pub(crate) listen: Vec<SocketAddr>,
    /// Sessions at a time.
    pub(crate) max_sessions: usize,
    /// Sessions at a time from one address.
    pub(crate) max_per_address: usize,
    /// Where certificates come from; `None`: there is no TLS.
    pub(crate) tls: Option<Source>,
    /// Where to listen for clients that begin with TLS.
    pub(crate) implicit: Vec<SocketAddr>,
    /// What the server runs on.
    pub(crate) runtime: RuntimeName,
    /// The engine's part.
    pub(crate) engine: Config,
    /// How much to log.
    pub(crate) log: LogLevel,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// Where sessions are recorded, and whether payloads are.
    pub(crate) record: Option<(PathBuf, Payloads)>,
}

/// A directory, and who may do what in it.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Which directory.
    pub(crate) directory: PathBuf,
    /// The users given in the open; no two have one name.
    pub(crate) users: Vec<User>,
    /// The file with the others.
    pub(crate) users_file: Option<PathBuf>,
    /// What may be done without a password.
    pub(crate) anonymous: Option<Access>,
}

impl Tree {
    /// Of what was written. Where nobody is mentioned, anonymous is `otherwise`.
    pub(crate) fn new(
        directory: PathBuf,
        users: Vec<User>,
        users_file: Option<PathBuf>,
        anonymous: Option<Anonymous>,
        otherwise: Anonymous,
    ) -> Result<Self, Fault> {
        let mut names = BTreeSet::new();
        if let Some(user) = users.iter().find(|user| !names.insert(&user.name)) {
            return Err(Fault::UserTwice { name: user.name.clone() });
        }
        let no_users = users.is_empty() && users_file.is_none();
        let anonymous = anonymous.unwrap_or(if no_users { otherwise } else { Anonymous::Off });
        Ok(Self { directory, users, users_file, anonymous: anonymous.access() })
    }

    /// Whether nobody may enter.
    pub(crate) fn is_closed(&self) -> bool {
        self.users.is_empty() && self.users_file.is_none() && self.anonymous.is_none()
    }
}

impl Settings {
    /// Puts together what the command line, the file it names and the defaults say.
    pub(crate) fn gather(command_line: CommandLine) -> Result<Self, Fault> {
        let Configuration { options, hosts } = match &command_line.config {
            Some(path) => configuration::read(path)?,
            None => Configuration::default(),
        };
        Self::decide(command_line.options.or(options), hosts)
    }

    /// Gives what was left out its default, and checks the whole.
    fn decide(options: Options, hosts: Vec<Host>) -> Result<Self, Fault> {
        let engine = engine_config(&options);
        let tls = certificates(&options, &hosts)?;
        let record = record(&options)?;
        // With virtual hosts, what nobody mentioned is not served: it would be the working directory.
        let otherwise = if hosts.is_empty() { Anonymous::Ro } else { Anonymous::Off };
        let directory = options.directory.unwrap_or_else(|| PathBuf::from("."));
        let tree = Tree::new(directory, options.user, options.users_file, options.anonymous, otherwise)?;
        if tree.is_closed() && hosts.is_empty() {
            return Err(Fault::NobodyMayEnter);
        }
        Ok(Self {
            tree,
            hosts,
            listen: if options.listen.is_empty() { vec![DEFAULT_ADDRESS] } else { options.listen },
            max_sessions: count(options.max_sessions, 1000),
            max_per_address: count(options.max_per_address, 100),
            tls,
            implicit: options.implicit_tls,
            runtime: options.runtime.unwrap_or(RuntimeName::Mio),
            engine,
            log: options.log.unwrap_or(LogLevel::Info),
            log_format: options.log_format.unwrap_or(LogFormat::Text),
            record,
        })
    }
}

/// Where sessions are recorded, and how.
fn record(options: &Options) -> Result<Option<(PathBuf, Payloads)>, Fault> {
    let wants_payloads = options.record_payloads == Some(Toggle::On);
    let payloads = if wants_payloads { Payloads::Whole } else { Payloads::Hashed };
    match &options.record {
        None if wants_payloads => Err(Fault::NothingIsRecorded),
        directory => Ok(directory.clone().map(|directory| (directory, payloads))),
    }
}

/// Where certificates come from, and whether the options about them make sense together.
fn certificates(options: &Options, hosts: &[Host]) -> Result<Option<Source>, Fault> {
    if tls_mode(options) == TlsMode::Off {
        let asks = [&options.tls_cert, &options.tls_key, &options.tls_client_ca].into_iter().any(Option::is_some);
        let asks = asks || !options.implicit_tls.is_empty() || options.tls_min.is_some();
        let asks = asks || [options.tls_data_reuse, options.ccc].contains(&Some(Toggle::On));
        if let Some(host) = hosts.iter().find(|host| host.certificate.is_some()) {
            return Err(host
                .place
                .fault("tls-cert is given, but TLS is off: say tls = \"optional\" or \"required\"".into()));
        }
        return if asks { Err(Fault::TlsIsOff) } else { Ok(None) };
    }
    let files = match (&options.tls_cert, &options.tls_key) {
        (Some(chain), key) => Some((chain.clone(), key.as_ref().unwrap_or(chain).clone())),
        (None, Some(_)) => return Err(Fault::KeyWithoutCertificate),
        (None, None) => None,
    };
    let clients = match (&options.tls_client_ca, options.tls_client_cert) {
        (Some(file), demand) => Some((file.clone(), demand.unwrap_or(ClientCertificate::Optional).into())),
        (None, Some(ClientCertificate::Required)) => return Err(Fault::NoClientAuthority),
        (None, _) => None,
    };
    let of_host = |host: &Host| Some((host.name.clone(), host.certificate.clone()?));
    let minimum = options.tls_min.unwrap_or(TlsVersion::Tls12).into();
    Ok(Some(Source { files, hosts: hosts.iter().filter_map(of_host).collect(), clients, minimum }))
}

/// An implicit listener alone says that TLS is wanted.
fn tls_mode(options: &Options) -> TlsMode {
    let unsaid = if options.implicit_tls.is_empty() { TlsMode::Off } else { TlsMode::Optional };
    options.tls.unwrap_or(unsaid)
}

/// What the engine is told; what was left out keeps the engine's own default.
fn engine_config(options: &Options) -> Config {
    let mut config = Config::default();
    config.passive_ports = options.passive_ports.clone().map(|range| range.0);
    config.public_address = options.public_address;
    // No local disk lets the time of creation be set, and FEAT must not promise it.
    config.disabled = VerbSet::of(Verb::Mfct);
    if let Some(seconds) = options.idle_timeout {
        config.timeouts.idle = Duration::from_secs(seconds.get().into());
        config.timeouts.idle_max = config.timeouts.idle_max.max(config.timeouts.idle);
    }
    let mode = tls_mode(options);
    if mode != TlsMode::Off {
        config.tls.offered = Switch::On;
    }
    if mode == TlsMode::Required {
        (config.tls.login, config.tls.data) = (Demand::Required, Demand::Required);
    }
    if options.tls_data_reuse == Some(Toggle::On) {
        config.tls.data_reuse = Demand::Required;
    }
    if options.tls_require_close_notify == Some(Toggle::Off) {
        config.tls.strict_end = Switch::Off;
    }
    if options.ccc == Some(Toggle::On) {
        config.tls.clear_control = Switch::On;
    }
    if let Some(greeting) = &options.greeting {
        config.greeting = greeting.lines().map(str::to_owned).collect();
    }
    config.fxp = options.fxp.iter().map(|FxpNetwork(network)| *network).collect();
    if let Some(mode_z) = options.mode_z {
        config.mode_z = mode_z.into();
    }
    if let Some(active) = options.active {
        config.active_mode = active.into();
    }
    if let Some(keep) = options.keep_partial {
        config.keep_partial = keep.into();
    }
    config
}

fn count(given: Option<NonZeroU32>, default: usize) -> usize {
    given.and_then(|n| usize::try_from(n.get()).ok()).unwrap_or(default)
}

/// Only this machine, and a port that needs no privilege.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2121);

#[cfg(test)]
impl Settings {
    /// What a file of this text, without virtual hosts, decides.
    pub(crate) fn from_toml(text: &str) -> Result<Self, Fault> {
        Self::decide(toml::from_str(text).unwrap(), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ftp_host::tls::Version;

    use super::*;

    fn from_toml(text: &str) -> Settings {
        Settings::from_toml(text).unwrap()
    }

    #[test]
    fn without_a_word_anyone_may_look_at_the_working_directory() {
        let settings = from_toml("");
        assert_eq!(settings.tree.directory, Path::new("."));
        assert_eq!(settings.listen, ["127.0.0.1:2121".parse().unwrap()]);
        assert_eq!(settings.tree.anonymous, Some(Access::ReadOnly));
    }

    #[test]
    fn anonymous_is_off_once_there_are_users_unless_it_is_asked_for() {
        assert_eq!(from_toml("user = ['a:b']").tree.anonymous, None);
        assert_eq!(from_toml("users-file = 'x'").tree.anonymous, None);
        assert_eq!(from_toml("user = ['a:b']\nanonymous = 'drop'").tree.anonymous, Some(Access::Drop));
    }

    #[test]
    fn the_command_line_wins_and_takes_lists_whole() {
        let file: Options =
            toml::from_str("user = ['a:b', 'c:d']\nmax-sessions = 5\nactive = 'off'\nkeep-partial = true").unwrap();
        let line: Options = toml::from_str("user = ['e:f']\nmax-sessions = 6").unwrap();
        let settings = Settings::decide(line.or(file), Vec::new()).unwrap();
        assert_eq!(settings.tree.users.iter().map(|user| &*user.name).collect::<Vec<_>>(), ["e"]);
        assert_eq!(settings.max_sessions, 6);
        assert!(!settings.engine.active_mode.is_on());
        assert!(settings.engine.keep_partial.is_on());
    }

    #[test]
    fn tls_is_off_until_it_or_a_listener_for_it_is_asked_for() {
        assert!(from_toml("").tls.is_none());
        assert!(!from_toml("").engine.tls.offered.is_on());
        let implicit = from_toml("implicit-tls = ['127.0.0.1:990']");
        assert!(implicit.tls.is_some() && implicit.engine.tls.offered.is_on());
        assert!(!implicit.engine.tls.login.is_required());
        let required = from_toml("tls = 'required'").engine.tls;
        assert!(required.login.is_required() && required.data.is_required() && !required.data_reuse.is_required());
        assert!(from_toml("tls = 'optional'\ntls-data-reuse = 'on'").engine.tls.data_reuse.is_required());
        let files = from_toml("tls = 'optional'\ntls-cert = 'both.pem'").tls.unwrap().files.unwrap();
        assert_eq!(files, ("both.pem".into(), "both.pem".into()));
    }

    #[test]
    fn what_is_asked_of_tls_and_transfers_reaches_the_engine() {
        let usual = from_toml("tls = 'optional'").engine;
        assert!(usual.tls.strict_end.is_on() && !usual.tls.clear_control.is_on());
        assert!(usual.mode_z.is_on() && usual.fxp.is_empty());
        let tls = "tls = 'optional'\ntls-min = 1.3\ntls-require-close-notify = false\nccc = true\n";
        let other = from_toml(&format!("{tls}mode-z = false\nfxp = ['192.0.2.0/24']\ngreeting = \"Hello.\\nBye.\""));
        assert_eq!(other.tls.unwrap().minimum, Version::Tls13);
        let other = other.engine;
        assert!(!other.tls.strict_end.is_on() && other.tls.clear_control.is_on() && !other.mode_z.is_on());
        assert!(other.fxp[0].contains("192.0.2.9".parse().unwrap()));
        assert_eq!(other.greeting, ["Hello.", "Bye."]);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let decide = Settings::from_toml;
        assert!(matches!(decide("anonymous = 'off'"), Err(Fault::NobodyMayEnter)));
        assert!(matches!(decide("user = ['a:b', 'a:c']"), Err(Fault::UserTwice { .. })));
        assert!(matches!(decide("record-payloads = true"), Err(Fault::NothingIsRecorded)));
        assert!(matches!(decide("tls-cert = 'x'"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("ccc = 'on'"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("tls-min = 1.3"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("tls = 'off'\nimplicit-tls = ['127.0.0.1:990']"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("tls = 'optional'\ntls-key = 'x'"), Err(Fault::KeyWithoutCertificate)));
        let demanded = "tls = 'optional'\ntls-client-cert = 'required'";
        assert!(matches!(decide(demanded), Err(Fault::NoClientAuthority)));
    }
}
