//! What the server counts, for `GET /metrics`.
//!
//! Labels are bounded: proxy ids, operations, the paths that documents write, route patterns. Nothing
//! that a client or a CRM sends becomes a label. A series is looked up once and then held by whoever
//! counts, so that counting takes no lock that others wait for.

mod invocations;
mod operations;
mod outcomes;
mod requests;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use invocations::InvocationHandles;
use invocations::InvocationLabels;
pub(crate) use operations::Handles;
use operations::{ExchangeLabels, OperationLabels, ProblemLabels};
use outcomes::{Outcomes, Series};
use requests::Requests;

use crate::durations::durations;
use crate::store::StoreMeter;

/// The content type of [`Metrics::render`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// Everything that one server counts.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    invocations: Family<InvocationLabels, Counter>,
    invocation_durations: Durations<InvocationLabels>,
    operations: Family<OperationLabels, Counter>,
    operation_durations: Durations<OperationLabels>,
    mapping_problems: Family<ProblemLabels, Counter>,
    exchanges: Family<ExchangeLabels, Counter>,
    not_in_service: Counter,
    token_renewals: Family<RenewalLabels, Counter>,
    requests: Requests,
    documents: Family<StateLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RenewalLabels {
    why: &'static str,
    outcome: &'static str,
}

impl Metrics {
    /// Nothing counted yet. `routes` are the methods and path patterns that are served: each has its
    /// own series, whatever else is asked for shares one; `store` is what the store counts.
    pub fn new(
        routes: impl IntoIterator<Item = (&'static str, &'static str)>,
        store: Option<StoreMeter>,
    ) -> Self {
        let mut registry = Registry::with_prefix("app_connect");
        let build = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The version that runs", Info::new(build));
        let invocations = Family::default();
        registry.register(
            "invocations",
            "Calls of connectors by who served them: `document`, `override`, `code`, or `none`; by interface; by \
             outcome: as of operations, or `message`, `stopped`, `not-supported`, `not-in-service`, `not-renewed`",
            invocations.clone(),
        );
        let invocation_durations = Durations::new_with_constructor(durations);
        registry.register_with_unit(
            "invocation_duration",
            "Time of a call of a connector, credential and hooks included",
            Unit::Seconds,
            invocation_durations.clone(),
        );
        let operations = Family::default();
        registry.register(
            "operations",
            "Operations that documents ran, by outcome: `ok`, `incomplete` (mapped, with something not found), \
             `unmapped`, or why the exchange failed",
            operations.clone(),
        );
        let operation_durations = Durations::new_with_constructor(durations);
        registry.register_with_unit(
            "operation_duration",
            "Time from rendering to the mapped reply",
            Unit::Seconds,
            operation_durations.clone(),
        );
        let mapping_problems = Family::default();
        registry.register(
            "mapping_problems",
            "Values that a mapping path of a document did not find as they should be",
            mapping_problems.clone(),
        );
        let exchanges = Family::default();
        registry.register(
            "exchanges",
            "Requests that code connectors sent, by platform and outcome",
            exchanges.clone(),
        );
        let not_in_service = Counter::default();
        registry.register(
            "not_in_service",
            "Requests of users whose document, or connector, is not in service",
            not_in_service.clone(),
        );
        let token_renewals = Family::default();
        registry.register(
            "token_renewals",
            "Requests that needed another access token of a user, by why: `due`, or `refused` by the CRM; by outcome: \
             `renewed`, `failed`, or `revoked` (the user has to connect again)",
            token_renewals.clone(),
        );
        let documents = Family::default();
        registry.register(
            "documents",
            "Documents by state: `active`, `kept` (the file broke, its last good version serves), `refused`",
            documents.clone(),
        );
        if let Some(StoreMeter { writes, failures }) = store {
            let help = "Time until a write is durable, waiting for its batch included";
            registry.register_with_unit("store_write_duration", help, Unit::Seconds, writes);
            registry.register("store_write_failures", "Writes that the store did not make", failures);
        }
        let requests = Requests::new(routes, &mut registry);
        Self {
            registry,
            invocations,
            invocation_durations,
            operations,
            operation_durations,
            mapping_problems,
            exchanges,
            not_in_service,
            token_renewals,
            requests,
            documents,
        }
    }

    /// A request found nothing that serves its platform.
    pub(crate) fn not_in_service(&self) {
        self.not_in_service.inc();
    }

    /// A request needed another access token.
    pub(crate) fn token_renewal(&self, why: &'static str, outcome: &'static str) {
        self.token_renewals.get_or_create(&RenewalLabels { why, outcome }).inc();
    }

    /// How many documents are in each state, just before a reading.
    pub(crate) fn set_documents(&self, counts: &[(&'static str, i64)]) {
        for (state, count) in counts {
            self.documents.get_or_create(&StateLabels { state }).set(*count);
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self) -> String {
        let mut out = String::with_capacity(16 * 1024);
        // Writing to a text cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

/// Without routes: for code that runs connectors outside of a server.
impl Default for Metrics {
    fn default() -> Self {
        Self::new([], None)
    }
}
