//! What the server does not do yet, `fixtures/replay-pending.json`: the routes it has and lacks,
//! and steps on routes it has that need something else of a later issue. Both only ever shrink:
//! the counts are exact, and a route that answers, or a step that agrees, must be taken off.
use super::recording::{Step, fixtures};
use indexmap::IndexMap;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pending {
    /// Routes that the server has: `METHOD /path`, where `:name` is one segment and `*` as
    /// method or path is any.
    pub served: Vec<String>,
    /// Routes that no server should have; the recordings ask for them on purpose.
    pub unknown: Vec<String>,
    /// Routes still to come: by group, how many of its steps need each.
    pub routes: IndexMap<String, IndexMap<String, usize>>,
    /// Steps that are played but cannot agree yet.
    pub steps: Vec<PendingStep>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingStep {
    pub group: String,
    pub step: String,
    /// What is missing, as people call it.
    pub needs: String,
}

/// Reads `fixtures/replay-pending.json`.
pub fn load() -> Pending {
    let path = fixtures().join("replay-pending.json");
    let text = std::fs::read_to_string(&path).expect("fixtures/replay-pending.json is readable");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Pending {
    /// The routes of a step that the server lacks, written as `METHOD /path`.
    pub fn lacking(&self, step: &Step) -> Vec<String> {
        step.requests()
            .into_iter()
            .map(|request| (request.method.as_str(), path_of(&request.path)))
            .filter(|(method, path)| {
                let mut known = self.served.iter().chain(&self.unknown);
                !known.any(|route| fits(route, method, path))
            })
            .map(|(method, path)| self.route_name(method, path))
            .collect()
    }

    /// The pattern of the list that a request fits, else the request itself.
    fn route_name(&self, method: &str, path: &str) -> String {
        let mut listed = self.routes.values().flat_map(IndexMap::keys);
        let listed = listed.find(|route| fits(route, method, path));
        listed.cloned().unwrap_or_else(|| format!("{method} {path}"))
    }

    /// What is missing for a step that is played all the same.
    pub fn needs(&self, group: &str, step: &str) -> Option<&str> {
        let listed = self.steps.iter().find(|listed| listed.group == group && listed.step == step);
        listed.map(|listed| listed.needs.as_str())
    }

    /// Mistakes in the list for one group, given the counts that its recording shows.
    pub fn mistakes(&self, group: &str, steps: &[Step], counted: &IndexMap<String, usize>) -> Vec<String> {
        let none = IndexMap::new();
        let listed = self.routes.get(group).unwrap_or(&none);
        let mut mistakes = Vec::new();
        for (route, count) in counted {
            let in_list = listed.get(route).copied().unwrap_or_default();
            if in_list != *count {
                mistakes.push(format!("{count} steps need {route}, the list says {in_list}"));
            }
        }
        for route in listed.keys().filter(|route| !counted.contains_key(*route)) {
            mistakes.push(format!("no step needs {route} any more: take it off the list"));
        }
        for listed in self.steps.iter().filter(|listed| listed.group == group) {
            if !steps.iter().any(|step| step.name == listed.step) {
                mistakes.push(format!("the pending step {:?} does not exist", listed.step));
            }
        }
        mistakes
    }
}

/// The path of a request target, without its query.
fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn fits(route: &str, method: &str, path: &str) -> bool {
    let Some((route_method, route_path)) = route.split_once(' ') else {
        return false;
    };
    let same_path = route_path == "*"
        || (route_path.split('/').count() == path.split('/').count()
            && route_path
                .split('/')
                .zip(path.split('/'))
                .all(|(pattern, segment)| pattern.starts_with(':') || pattern == segment));
    (route_method == "*" || route_method == method) && same_path
}

/// A request for a route, to see whether it is served: method and path, `:name` filled in.
pub fn probe(route: &str) -> (String, String) {
    let (method, path) = route.split_once(' ').expect("a route is `METHOD /path`");
    let segments = path.split('/').map(|part| if part.starts_with(':') { "x" } else { part });
    (method.to_owned(), segments.collect::<Vec<_>>().join("/"))
}
