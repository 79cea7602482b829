//! When to wake which session: one entry for each, in order of time.

use std::collections::BTreeSet;
use std::time::Instant;

/// The alarms of a loop's sessions.
///
/// An alarm is moved as seldom as possible: a deadline that moves away, as the idle timer does with every command, lets
/// it go off early and be set again then.
#[derive(Debug, Default)]
pub(crate) struct Alarms(BTreeSet<(Instant, usize)>);

/// One session's entry: when its alarm goes off, if it is set.
pub(crate) type Alarm = Option<Instant>;

impl Alarms {
    /// Sees to it that `alarm`, that of the session `key`, goes off at `deadline` or before.
    pub(crate) fn set(&mut self, key: usize, alarm: &mut Alarm, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if alarm.is_some_and(|set| set <= deadline) {
            return;
        }
        self.clear(key, alarm);
        self.0.insert((deadline, key));
        *alarm = Some(deadline);
    }

    /// Takes out an alarm.
    pub(crate) fn clear(&mut self, key: usize, alarm: &mut Alarm) {
        if let Some(set) = alarm.take() {
            self.0.remove(&(set, key));
        }
    }

    /// When the first one goes off.
    pub(crate) fn first(&self) -> Option<Instant> {
        self.0.first().map(|(first, _)| *first)
    }

    /// The next session whose alarm is due. It stays so until the alarm is cleared.
    pub(crate) fn due(&self, now: Instant) -> Option<usize> {
        let (first, key) = self.0.first()?;
        (*first <= now).then_some(*key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_alarm_moves_only_to_an_earlier_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut alarms, mut alarm) = (Alarms::default(), None);
        alarms.set(7, &mut alarm, Some(at(5)));
        alarms.set(7, &mut alarm, Some(at(9)));
        alarms.set(7, &mut alarm, None);
        assert_eq!(alarm, Some(at(5)));
        alarms.set(7, &mut alarm, Some(at(2)));
        assert_eq!((alarms.0.len(), alarms.due(at(1)), alarms.due(at(2))), (1, None, Some(7)));
        alarms.clear(7, &mut alarm);
        assert_eq!((alarms.first(), alarms.due(at(9)), alarm), (None, None, None));
    }

    #[test]
    fn those_due_come_in_order_of_time() {
        let start = Instant::now();
        let mut alarms = Alarms::default();
        let mut set = [None; 3];
        for (key, seconds) in [(0, 3), (1, 1), (2, 2)] {
            alarms.set(key, &mut set[key], Some(start + Duration::from_secs(seconds)));
        }
        let mut order = Vec::new();
        while let Some(key) = alarms.due(start + Duration::from_secs(2)) {
            alarms.clear(key, &mut set[key]);
            order.push(key);
        }
        assert_eq!(order, [1, 2]);
        assert_eq!(alarms.first(), Some(start + Duration::from_secs(3)));
    }
}
