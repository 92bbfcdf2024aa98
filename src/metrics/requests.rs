//! Requests by route pattern, method and status class.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

use super::{Durations, Metrics, Series, durations};

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: &'static str,
}

/// The series of all routes.
#[derive(Debug)]
pub(super) struct Requests {
    counts: Family<RequestLabels, Counter>,
    durations: Durations<RequestLabels>,
    routes: HashMap<&'static str, Vec<Route>>,
    unmatched: Route,
}

#[derive(Debug)]
struct Route {
    method: &'static str,
    pattern: &'static str,
    classes: [OnceLock<Series>; CLASSES.len()],
}

impl Route {
    fn new(method: &'static str, pattern: &'static str) -> Self {
        Self { method, pattern, classes: Default::default() }
    }
}

impl Requests {
    pub(super) fn new(
        routes: impl IntoIterator<Item = (&'static str, &'static str)>,
        registry: &mut Registry,
    ) -> Self {
        let counts = Family::default();
        registry.register("http_requests", "Requests of clients", counts.clone());
        let durations = Durations::new_with_constructor(durations);
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its reply's",
            Unit::Seconds,
            durations.clone(),
        );
        let mut by_pattern: HashMap<_, Vec<Route>> = HashMap::new();
        for (method, pattern) in routes {
            by_pattern.entry(pattern).or_default().push(Route::new(method, pattern));
        }
        Self { counts, durations, routes: by_pattern, unmatched: Route::new("any", "none") }
    }
}

impl Metrics {
    /// A request was answered. Whatever no route serves is counted together: its path is a client's.
    pub(crate) fn answered(&self, method: &str, pattern: Option<&str>, status: u16, duration: Duration) {
        let requests = &self.requests;
        let route = pattern
            .and_then(|pattern| requests.routes.get(pattern))
            .and_then(|routes| routes.iter().find(|route| route.method == method))
            .unwrap_or(&requests.unmatched);
        let class = (usize::from(status / 100).max(1) - 1).min(CLASSES.len() - 1);
        let series = route.classes[class].get_or_init(|| {
            let labels = RequestLabels { method: route.method, route: route.pattern, status: CLASSES[class] };
            Series {
                count: requests.counts.get_or_create_owned(&labels),
                duration: requests.durations.get_or_create_owned(&labels),
            }
        });
        series.observe(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class_and_strangers_together() {
        let metrics =
            Metrics::new([("GET", "/contact"), ("POST", "/contact"), ("PATCH", "/calldown/{id}")], None);
        let count = |method, pattern, status| {
            metrics.answered(method, pattern, status, Duration::from_micros(400));
        };
        count("GET", Some("/contact"), 200);
        count("GET", Some("/contact"), 204);
        count("POST", Some("/contact"), 404);
        count("PATCH", Some("/calldown/{id}"), 500);
        count("DELETE", Some("/contact"), 404);
        count("PROPFIND", None, 404);
        count("PROPFIND", None, 999);
        let text = metrics.render();
        for line in [
            r#"{method="GET",route="/contact",status="2xx"} 2"#,
            r#"{method="POST",route="/contact",status="4xx"} 1"#,
            r#"{method="PATCH",route="/calldown/{id}",status="5xx"} 1"#,
            r#"{method="any",route="none",status="4xx"} 2"#,
            r#"{method="any",route="none",status="5xx"} 1"#,
        ] {
            assert!(text.contains(&format!("app_connect_http_requests_total{line}\n")), "{line}\n{text}");
        }
        assert!(!text.contains("PROPFIND"));
        assert!(text.ends_with("# EOF\n"));
    }
}
