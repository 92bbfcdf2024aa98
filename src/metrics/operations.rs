//! Operations by proxy id, operation and outcome; what mappings did not find; the exchanges of code
//! connectors.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;

use super::{Metrics, Outcomes, Series};
use crate::config::operations::OperationName;
use crate::engine::results::MappingProblem;

/// Mapping problems of one operation beyond so many are counted under one path.
const PROBLEMS: usize = 64;

/// Longer paths are cut in labels.
const PATH_CHARACTERS: usize = 120;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OperationLabels {
    proxy_id: String,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ProblemLabels {
    proxy_id: String,
    operation: &'static str,
    key: String,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ExchangeLabels {
    platform: String,
    outcome: &'static str,
}

/// The series of one document's operations: each is looked up at its first use.
#[derive(Debug)]
pub(crate) struct Handles(HashMap<OperationName, OnceLock<Box<Operation>>>);

/// The series of one operation.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    outcomes: Outcomes,
    problems: RwLock<HashMap<(String, String), Counter>>,
}

/// An operation and where it is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counting<'a> {
    metrics: &'a Metrics,
    proxy_id: &'a str,
    operation: OperationName,
    held: &'a Operation,
}

impl Handles {
    pub(crate) fn new(operations: impl Iterator<Item = OperationName>) -> Self {
        Self(operations.map(|name| (name, OnceLock::new())).collect())
    }

    /// Where an operation of the document is counted.
    pub(crate) fn of<'a>(
        &'a self,
        metrics: &'a Metrics,
        proxy_id: &'a str,
        operation: OperationName,
    ) -> Option<Counting<'a>> {
        let held = self.0.get(&operation)?.get_or_init(Box::default);
        Some(Counting { metrics, proxy_id, operation, held })
    }
}

impl Counting<'_> {
    /// An operation ended.
    pub(crate) fn ended(&self, outcome: &'static str, duration: Duration) {
        self.held.outcomes.observe(outcome, duration, || self.series(outcome));
    }

    fn series(&self, outcome: &'static str) -> Series {
        let operation = self.operation.as_str();
        let labels = OperationLabels { proxy_id: self.proxy_id.to_owned(), operation, outcome };
        Series {
            count: self.metrics.operations.get_or_create_owned(&labels),
            duration: self.metrics.operation_durations.get_or_create_owned(&labels),
        }
    }

    /// A mapping did not find something.
    pub(crate) fn problem(&self, problem: &MappingProblem) {
        let path: String = problem.path.chars().take(PATH_CHARACTERS).collect();
        let mut at = (problem.key.clone(), path);
        {
            let known = self.held.problems.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(counter) = known.get(&at) {
                counter.inc();
                return;
            }
            if known.len() >= PROBLEMS {
                at = ("other".to_owned(), "other".to_owned());
            }
        }
        let mut known = self.held.problems.write().unwrap_or_else(PoisonError::into_inner);
        let counter = known.entry(at).or_insert_with_key(|(key, path)| {
            self.metrics.mapping_problems.get_or_create_owned(&ProblemLabels {
                proxy_id: self.proxy_id.to_owned(),
                operation: self.operation.as_str(),
                key: key.clone(),
                path: path.clone(),
            })
        });
        counter.inc();
    }
}

impl Metrics {
    /// A code connector's exchange ended.
    pub(crate) fn exchanged(&self, platform: &str, outcome: &'static str) {
        self.exchanges.get_or_create(&ExchangeLabels { platform: platform.to_owned(), outcome }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(path: String) -> MappingProblem {
        MappingProblem {
            key: "idPath".to_owned(),
            path,
            found: "nothing".to_owned(),
            is_essential: true,
            of_items: None,
        }
    }

    #[test]
    fn every_outcome_is_counted_and_a_reloaded_document_goes_on_where_it_was() {
        let metrics = Metrics::default();
        for _ in 0..2 {
            let handles = Handles::new([OperationName::FIND_CONTACT].into_iter());
            let counting = handles.of(&metrics, "crm", OperationName::FIND_CONTACT).unwrap();
            counting.ended("ok", Duration::from_millis(3));
            counting.ended("new-word", Duration::from_millis(3));
            assert!(handles.of(&metrics, "crm", OperationName::GET_CALL_LOG).is_none());
        }
        let text = metrics.render();
        for outcome in ["ok", "new-word"] {
            let labels = format!(r#"{{proxy_id="crm",operation="findContact",outcome="{outcome}"}}"#);
            assert!(text.contains(&format!("app_connect_operations_total{labels} 2\n")), "{text}");
            assert!(
                text.contains(&format!("app_connect_operation_duration_seconds_count{labels} 2\n")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_exchanges_of_code_connectors_are_counted_by_platform() {
        let metrics = Metrics::default();
        metrics.exchanged("acme", "ok");
        metrics.exchanged("acme", "timeout");
        metrics.exchanged("acme", "timeout");
        let text = metrics.render();
        for line in [r#"{platform="acme",outcome="ok"} 1"#, r#"{platform="acme",outcome="timeout"} 2"#] {
            assert!(text.contains(&format!("app_connect_exchanges_total{line}\n")), "{text}");
        }
    }

    #[test]
    fn the_paths_of_mapping_problems_are_bounded() {
        let metrics = Metrics::default();
        let handles = Handles::new([OperationName::FIND_CONTACT].into_iter());
        let counting = handles.of(&metrics, "crm", OperationName::FIND_CONTACT).unwrap();
        for at in 0..PROBLEMS + 10 {
            counting.problem(&problem(format!("p{at}")));
            counting.problem(&problem(format!("p{at}")));
        }
        let text = metrics.render();
        let series = text.lines().filter(|line| line.starts_with("app_connect_mapping_problems_total{"));
        assert_eq!(series.count(), PROBLEMS + 1);
        assert!(text.contains(r#"key="other",path="other"} 20"#), "{text}");
        counting.problem(&problem("x".repeat(5000)));
        assert!(!metrics.render().contains(&"x".repeat(PATH_CHARACTERS + 1)));
    }
}
