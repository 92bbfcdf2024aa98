//! Plays a group against a server: fills in the placeholders, sends the requests, lets the
//! scripted CRM answer, and judges every step.
use super::client::{self, Request, Response};
use super::compare::{self, Difference, Observed};
use super::deviations::{self, Deviations};
use super::expected::Expected;
use super::pending::{self, Pending};
use super::placeholders::Bindings;
use super::recording::{ClientRequest, CrmReply, Recording, Step};
use super::scripted_crm::ScriptedCrm;
use super::server::{Options, Server};
use super::trace;
use indexmap::IndexMap;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than any time-out of the recordings, so that a hanging server is a difference and no
/// hanging test.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long requests may come after the client has its reply.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// The manifest that the recorded server was given, where the recording has no other.
const MANIFEST: &str =
    r#"{"version":"1.0.0","author":{"name":"oracle"},"serverUrl":"http://127.0.0.1","platforms":{}}"#;

/// What a replay goes by besides the recording.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub deviations: Deviations,
    pub pending: Pending,
}

impl Rules {
    /// The lists of this package.
    pub fn load() -> Self {
        Self { deviations: deviations::load(), pending: pending::load() }
    }
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As recorded.
    Agrees,
    /// As the entries with these ids say.
    Deviates(Vec<String>),
    /// Not played: the server lacks these routes.
    NeedsRoute(Vec<String>),
    /// Played, and differs for want of this.
    NeedsPart(String),
    /// Neither as recorded nor as the lists say.
    Defect,
}

/// One step's verdict and everything that explains it.
#[derive(Debug, Clone)]
pub struct StepReport {
    pub name: String,
    pub note: String,
    pub verdict: Verdict,
    /// Why it is a defect, where differences alone do not say it.
    pub problems: Vec<String>,
    pub differences: Vec<Difference>,
    /// What was sent and what happened, for printing a single step.
    pub trace: Vec<String>,
}

/// A group's steps, and what is wrong beyond single steps.
#[derive(Debug, Clone)]
pub struct GroupReport {
    pub group: String,
    pub steps: Vec<StepReport>,
    /// By route: how many steps need it.
    pub unserved: IndexMap<String, usize>,
    pub problems: Vec<String>,
}

/// Plays a group against the real binary, with its configurations and an empty store.
pub fn play_against_binary(recording: &Recording, rules: &Rules, only: Option<&str>) -> GroupReport {
    let crm = ScriptedCrm::start();
    let bindings = Bindings::new(recording, &crm);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (configs, data) = (folder.path().join("configs"), folder.path().join("data"));
    write_configs(&configs, recording, &bindings);
    let manifest = folder.path().join("manifest.json");
    let registered = recording.manifest.as_ref().map(|manifest| bindings.fill_json(manifest).to_string());
    std::fs::write(&manifest, registered.as_deref().unwrap_or(MANIFEST)).expect("a new file");
    let mut options = Options::new(&configs, &data)
        .env("RINGCENTRAL_SERVER", crm.origin("platform.ringcentral.com"))
        .env("DEVELOPER_PORTAL_SERVER", crm.origin("appconnect.labs.ringcentral.com"))
        .env("CRM_MANIFEST", manifest.to_string_lossy());
    for (name, value) in &recording.environment {
        options = options.env(name, value);
    }
    let mut server = match Server::start(&options) {
        Ok(server) => server,
        Err(error) => {
            return GroupReport {
                group: recording.group.clone(),
                steps: Vec::new(),
                unserved: IndexMap::new(),
                problems: vec![error],
            };
        }
    };
    let mut report = play(recording, server.address(), &crm, bindings, rules, only, &|_| {});
    if server.stdout().len() != 1 {
        report.problems.push(format!("standard output is not one line: {:?}", server.stdout()));
    }
    server.kill();
    let log = server.log();
    if log.contains("panicked at") {
        report.problems.push("the server panicked".to_owned());
    }
    if report.is_defective() {
        report.problems.push(format!("log of the server:\n{log}"));
    }
    report
}

fn write_configs(folder: &Path, recording: &Recording, bindings: &Bindings) {
    std::fs::create_dir(folder).expect("a new folder");
    for (proxy_id, config) in &recording.configs {
        let text = serde_json::to_string_pretty(&bindings.fill_json(config)).expect("JSON");
        std::fs::write(folder.join(format!("{proxy_id}.json")), text).expect("a new file");
    }
}

/// Plays a group against whatever listens at `address`. `before` is told each step that is about
/// to be played. With `only`, other steps are played but only that one is judged, and it is the
/// last.
pub fn play(
    recording: &Recording,
    address: SocketAddr,
    crm: &ScriptedCrm,
    mut bindings: Bindings,
    rules: &Rules,
    only: Option<&str>,
    before: &dyn Fn(&Step),
) -> GroupReport {
    let group = &recording.group;
    let mut report = GroupReport {
        group: group.clone(),
        steps: Vec::new(),
        unserved: IndexMap::new(),
        problems: Vec::new(),
    };
    for step in &recording.steps {
        let mut lacking = rules.pending.lacking(step);
        lacking.dedup();
        let judged = only.is_none_or(|only| only == step.name);
        if !lacking.is_empty() {
            for route in &lacking {
                *report.unserved.entry(route.clone()).or_default() += 1;
            }
            if judged {
                report.steps.push(not_played(group, step, lacking, rules));
            }
            continue;
        }
        before(step);
        let played = play_step(group, step, address, crm, &mut bindings, rules);
        if judged {
            report.steps.push(played);
        }
        if judged && only.is_some() {
            return report;
        }
    }
    if only.is_none() {
        let steps = &recording.steps;
        report.problems.extend(rules.deviations.without_step(group, steps));
        report.problems.extend(rules.pending.mistakes(group, steps, &report.unserved));
        report.problems.extend(answered_routes(address, report.unserved.keys()));
    }
    report
}

/// A step on a route that is still to come. A deviation of it would be one without a test.
fn not_played(group: &str, step: &Step, lacking: Vec<String>, rules: &Rules) -> StepReport {
    let untested = rules.deviations.covering(group, &step.name);
    let problems: Vec<String> = untested
        .iter()
        .map(|applied| format!("{} names this step, which is not played yet", applied.entry.id))
        .collect();
    StepReport {
        name: step.name.clone(),
        note: step.note.clone(),
        verdict: if problems.is_empty() { Verdict::NeedsRoute(lacking) } else { Verdict::Defect },
        problems,
        differences: Vec::new(),
        trace: Vec::new(),
    }
}

fn play_step(
    group: &str,
    step: &Step,
    address: SocketAddr,
    crm: &ScriptedCrm,
    bindings: &mut Bindings,
    rules: &Rules,
) -> StepReport {
    let entries = rules.deviations.covering(group, &step.name);
    let recorded = rules.deviations.recorded(step);
    let expected = deviations::apply(&recorded, &entries);
    let mut requests: Vec<Request> =
        step.requests().into_iter().map(|request| filled_request(request, bindings)).collect();
    for (name, value) in entries.iter().flat_map(|applied| applied.request_headers()) {
        requests.iter_mut().for_each(|request| request.headers.push((name.clone(), value.clone())));
    }
    let mut story = trace::unknown_variables(step, bindings);
    story.extend(requests.iter().map(trace::describe_request));

    let changed_replies = entries.iter().rev().find_map(|applied| applied.crm_replies());
    let crm_replies = changed_replies.unwrap_or(&step.crm_replies);
    crm.begin(crm_replies.iter().map(|reply| filled_reply(reply, bindings)));
    let started = Instant::now();
    let replies = send_all(address, &requests, &patience_for(step, &expected));
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (received, findings) = crm.finish(expected.received.len(), AFTERWARDS);
    let observed = Observed { received, replies, elapsed_ms };
    capture(step, &observed, bindings);
    story.extend(trace::describe(&observed));

    let judge = |expected: &Expected| {
        let mut found = compare::differences(expected, &observed, bindings);
        found.extend(findings.iter().map(|finding| Difference {
            field: "scripted CRM".to_owned(),
            expected: "only what its script foresees".to_owned(),
            got: finding.clone(),
        }));
        found
    };
    let differences = judge(&expected);
    let mut problems = Vec::new();
    for (index, applied) in entries.iter().enumerate() {
        let others = entries.iter().enumerate().filter(|(other, _)| *other != index);
        let without = deviations::apply(&recorded, others.map(|(_, applied)| applied));
        if judge(&without).is_empty() {
            let id = &applied.entry.id;
            problems.push(format!("stale deviation {id}: the step agrees without it"));
        }
    }
    let needs = rules.pending.needs(group, &step.name);
    if let (Some(needs), true) = (needs, differences.is_empty()) {
        problems.push(format!("the step agrees now: take {needs:?} off the pending list"));
    }
    let verdict = match needs {
        _ if !problems.is_empty() => Verdict::Defect,
        Some(needs) => Verdict::NeedsPart(needs.to_owned()),
        None if !differences.is_empty() => Verdict::Defect,
        None if entries.is_empty() => Verdict::Agrees,
        None => Verdict::Deviates(entries.iter().map(|e| e.entry.id.clone()).collect()),
    };
    StepReport {
        name: step.name.clone(),
        note: step.note.clone(),
        verdict,
        problems,
        differences,
        trace: story,
    }
}

fn filled_request(request: &ClientRequest, bindings: &Bindings) -> Request {
    let json = request.body.as_ref().map(|body| bindings.fill_json(body).to_string());
    let raw = request.raw_body.as_ref().map(|body| bindings.fill(body));
    let header = |(name, value): (&String, &String)| (name.clone(), bindings.fill(value));
    Request {
        method: request.method.clone(),
        target: bindings.fill(&request.path),
        headers: request.headers.iter().map(header).collect(),
        body: json.or(raw).map(String::into_bytes),
    }
}

fn filled_reply(reply: &CrmReply, bindings: &Bindings) -> CrmReply {
    let header = |(name, value): (&String, &String)| (name.clone(), bindings.fill(value));
    CrmReply {
        headers: reply.headers.iter().map(header).collect(),
        json: reply.json.as_ref().map(|json| bindings.fill_json(json)),
        raw: reply.raw.as_ref().map(|raw| bindings.fill(raw)),
        ..reply.clone()
    }
}

/// Where no response is expected, as long as the recording waited; where only the recording had none,
/// some times as long; else until one comes.
fn patience_for(step: &Step, expected: &Expected) -> Vec<Duration> {
    let waited = step.replies().into_iter().map(|reply| reply.waited_ms);
    expected
        .replies
        .iter()
        .zip(waited)
        .map(|(reply, waited)| match (reply.status, waited) {
            (None, Some(waited)) => Duration::from_millis(waited),
            (Some(_), Some(waited)) => Duration::from_millis(waited) * 5,
            _ => PATIENCE,
        })
        .collect()
}

fn send_all(
    address: SocketAddr,
    requests: &[Request],
    patience: &[Duration],
) -> Vec<Result<Option<Response>, String>> {
    std::thread::scope(|scope| {
        let sending: Vec<_> = requests
            .iter()
            .zip(patience)
            .map(|(request, patience)| {
                scope.spawn(move || {
                    client::send(address, request, *patience).map_err(|error| error.to_string())
                })
            })
            .collect();
        sending.into_iter().map(|thread| thread.join().expect("sending does not panic")).collect()
    })
}

fn capture(step: &Step, observed: &Observed, bindings: &mut Bindings) {
    let Some(Ok(Some(response))) = observed.replies.first() else {
        return;
    };
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        return;
    };
    for (name, path) in &step.capture {
        match body.pointer(&format!("/{}", path.replace('.', "/"))) {
            Some(Value::String(text)) => drop(bindings.variables.insert(name.clone(), text.clone())),
            None | Some(Value::Null) => {}
            Some(other) => drop(bindings.variables.insert(name.clone(), other.to_string())),
        }
    }
}

/// Routes that are listed as still to come but do not give the unknown-route reply.
fn answered_routes<'a>(address: SocketAddr, routes: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut answered = Vec::new();
    for route in routes {
        let (method, path) = pending::probe(route);
        let unknown = format!("Cannot {method} {path}");
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let body = Some(b"{}".to_vec());
        let request = Request { method, target: path, headers, body };
        match client::send(address, &request, PATIENCE) {
            Ok(Some(reply)) if reply.status == 404 && reply.text().contains(&unknown) => {}
            Ok(Some(reply)) => answered.push(format!(
                "{route} is listed as still to come but answers {}: move it to `served`",
                reply.status
            )),
            Ok(None) => answered.push(format!("{route} is listed as still to come and hangs")),
            Err(error) => answered.push(format!("{route}: {error}")),
        }
    }
    answered
}
