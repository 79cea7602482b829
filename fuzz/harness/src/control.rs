//! A whole session from what a client says, with an obedient host: what is said is answered, line by line, in order.
//!
//! Input: how the session is and how it ends, two bytes; then the control connection's bytes. The byte 0x1E (record
//! separator) is none of them: there the host answers and replies are taken. At 0x1D the next deadline comes, too.

use ftp_proto::Event;
use ftp_proto::config::{Config, CustomVerb, Network, Switch};
use ftp_proto::line::{Frame, Framer};
use ftp_proto::server::Phase;

use crate::pieces::take;
use crate::session::{Driver, Manner};

/// The target `control`.
pub fn control(mut data: &[u8]) {
    let [kind, manner] = take(&mut data);
    let config = config(kind);
    let mut client = Client { framer: Framer::new(config.limits.line), lines: 0, knows: true };
    let mut driver = Driver::new(config);
    driver.connect(if kind & IMPLICIT != 0 { Switch::On } else { Switch::Off });
    driver.settle();
    for segment in data.split_inclusive(|byte| matches!(*byte, ANSWER | WAIT)) {
        let (said, mark) = match segment {
            [said @ .., mark @ (ANSWER | WAIT)] => (said, *mark),
            _ => (segment, ANSWER),
        };
        if driver.is_closed() {
            break;
        }
        client.hear(said, &driver);
        driver.event(Event::Received(said));
        driver.settle();
        if mark == WAIT && !driver.is_closed() {
            driver.jump();
            driver.settle();
        }
        client.judge(&driver);
    }
    driver.finish(Manner::of(manner));
}

/// Ends a segment: the host answers.
pub(crate) const ANSWER: u8 = 0x1E;
/// Ends a segment: the host answers, and then time passes.
pub(crate) const WAIT: u8 = 0x1D;

const IMPLICIT: u8 = 1;

/// What the first byte turns on.
pub(crate) fn config(kind: u8) -> Config {
    let on = |bit: u8| if kind & bit != 0 { Switch::On } else { Switch::Off };
    let mut config = Config::default();
    config.tls.offered = on(IMPLICIT | 2);
    config.tls.clear_control = on(2);
    config.keep_partial = on(4);
    config.ascii_size = on(4);
    if kind & 8 != 0 {
        config.fxp = vec![Network { address: [203, 0, 113, 0].into(), prefix: 24 }];
    }
    if kind & 16 != 0 {
        let limits = &mut config.limits;
        (limits.line, limits.queued_commands, limits.queued_bytes, limits.look_ahead) = (100, 4, 200, 3);
        (limits.unsent_replies, limits.chunk, limits.range, limits.directory_page) = (600, 5, 7, 1);
        (limits.marker_interval, limits.reply_lines, limits.path) = (4, 4, 64);
    }
    if kind & 32 != 0 {
        config.limits.violations = 1000;
        config.limits.login_attempts = 1000;
    }
    let verb =
        |name: &str, needs_login| CustomVerb { name: name.into(), syntax: String::new(), needs_login, in_feat: true };
    config.custom = vec![verb("SITE GO", true), verb("XGO", false)];
    config
}

/// What the client has said, as it counts.
struct Client {
    framer: Framer,
    lines: usize,
    /// Whether the count is right: a layer that begins or ends takes unfinished lines with it.
    knows: bool,
}

impl Client {
    fn hear(&mut self, mut said: &[u8], driver: &Driver) {
        self.knows &= driver.session.phase() == Phase::Open;
        let text = said.to_ascii_uppercase();
        let layer = |verb: &[u8]| text.windows(verb.len()).any(|word| word == verb);
        self.knows &= !layer(b"AUTH") && !layer(b"CCC");
        while let Some(frame) = self.framer.next(&mut said) {
            self.lines += usize::from(!matches!(frame, Frame::Refuse(_)));
        }
    }

    /// At rest every line was answered by one final reply; the greeting is one more.
    fn judge(&self, driver: &Driver) {
        let waits = format!("{:?}", driver.session.next_deadline()).contains("LoginDelay");
        if self.knows && driver.session.phase() == Phase::Open && !waits {
            assert_eq!(driver.wire.finals, 1 + self.lines, "{:?}", driver.wire.codes);
        }
    }
}
