//! Calls of interfaces by who serves them, interface and outcome: whatever is asked of a CRM passes here once.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;

use super::{Metrics, Outcomes, Series};

/// Who may serve an interface.
const SERVED_BY: [&str; 4] = ["document", "override", "code", "none"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct InvocationLabels {
    served_by: &'static str,
    interface: &'static str,
    outcome: &'static str,
}

/// Who serves an interface, and which one.
type Place = (&'static str, &'static str);

/// The series of all interfaces: each is looked up at its first use.
#[derive(Debug)]
pub(crate) struct InvocationHandles(HashMap<Place, OnceLock<Box<Outcomes>>>);

impl InvocationHandles {
    pub(crate) fn new(interfaces: impl Iterator<Item = &'static str>) -> Self {
        let places = interfaces.flat_map(|interface| SERVED_BY.map(|served_by| (served_by, interface)));
        Self(places.map(|place| (place, OnceLock::new())).collect())
    }

    /// A call of an interface ended.
    pub(crate) fn ended(&self, metrics: &Metrics, place: Place, outcome: &'static str, duration: Duration) {
        let (served_by, interface) = place;
        let series = || {
            let labels = InvocationLabels { served_by, interface, outcome };
            Series {
                count: metrics.invocations.get_or_create_owned(&labels),
                duration: metrics.invocation_durations.get_or_create_owned(&labels),
            }
        };
        match self.0.get(&place) {
            Some(held) => held.get_or_init(Box::default).observe(outcome, duration, series),
            None => series().observe(duration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_who_serves_it_and_by_its_outcome() {
        let metrics = Metrics::default();
        let handles = InvocationHandles::new(["findContact"].into_iter());
        for place in [("code", "findContact"), ("code", "findContact"), ("elsewhere", "getCallLog")] {
            handles.ended(&metrics, place, "ok", Duration::from_millis(3));
        }
        handles.ended(&metrics, ("none", "findContact"), "not-supported", Duration::ZERO);
        let text = metrics.render();
        for (served_by, interface, outcome, count) in [
            ("code", "findContact", "ok", 2),
            ("elsewhere", "getCallLog", "ok", 1),
            ("none", "findContact", "not-supported", 1),
        ] {
            let labels =
                format!(r#"{{served_by="{served_by}",interface="{interface}",outcome="{outcome}"}}"#);
            for line in [
                format!("app_connect_invocations_total{labels} {count}\n"),
                format!("app_connect_invocation_duration_seconds_count{labels} {count}\n"),
            ] {
                assert!(text.contains(&line), "{text}");
            }
        }
    }
}
