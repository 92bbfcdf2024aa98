//! Deviations and what is still to come, checked in both directions.
use super::*;
use crate::support::deviations::{self, glob};
use crate::support::expected::{ExpectedBody, ExpectedOutbound};

#[test]
fn every_listed_deviation_asks_for_something_else_than_was_recorded() {
    let rules = Rules { deviations: deviations::load(), ..plain_rules() };
    let mistakes_of = |group: &str| {
        let recording = recording::load(group);
        let acts = |step: &recording::Step| rules.deviations.recorded(step);
        let steps = play_mirrored(&recording, &rules, acts).steps.into_iter();
        let mistaken = steps.filter(|step| {
            step.differences.is_empty() != rules.deviations.covering(group, &step.name).is_empty()
        });
        mistaken.map(|step| format!("{group}: {}", step.details())).collect::<Vec<_>>()
    };
    // Most of the time is spent waiting where the recordings waited.
    let groups = recording::groups();
    let mistakes: Vec<String> = std::thread::scope(|scope| {
        let played: Vec<_> = groups.iter().map(|group| scope.spawn(|| mistakes_of(group.as_str()))).collect();
        played.into_iter().flat_map(|played| played.join().unwrap()).collect()
    });
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn every_listed_deviation_names_an_existing_step_and_test() {
    let list = deviations::load();
    let groups = recording::groups();
    let tests = list.entries.iter().map(|entry| (&entry.id, &entry.test));
    for (id, test) in tests.chain(list.global.iter().map(|global| (&global.id, &global.test))) {
        let (path, function) = test.split_once("::").unwrap_or((test, ""));
        let path = recording::fixtures().with_file_name(path);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{id}: {}: {error}", path.display()));
        let function = function.rsplit("::").next().unwrap_or_default();
        assert!(text.contains(function), "{id}: {} has no {function}", path.display());
    }
    for entry in &list.entries {
        assert!(!entry.steps.is_empty(), "{} covers no step", entry.id);
        for covered in &entry.steps {
            assert!(groups.contains(&covered.group), "{} names {}", entry.id, covered.group);
        }
    }
    for group in &groups {
        let missing = list.without_step(group, &recording::load(group).steps);
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn globals_reach_every_outbound_request() {
    let list = deviations::load();
    for group in recording::groups() {
        for step in recording::load(&group).steps {
            for request in list.recorded(&step).received {
                for change in list.global.iter().filter_map(|global| global.outbound_header.as_ref()) {
                    let Some(HeaderNow { value, optional }) = header(&request, &change.name) else {
                        // Another HTTP library of the reference makes these, without its version.
                        assert!(
                            change.name.starts_with("Unified") && is_token_request(&request),
                            "{request:?}"
                        );
                        continue;
                    };
                    if change.to.is_some() {
                        assert_ne!(value, change.from, "{group}: {}", step.name);
                    }
                    assert_eq!(optional, change.optional, "{group}: {}", step.name);
                }
                for change in list.global.iter().filter_map(|global| global.outbound_body.as_ref()) {
                    let kept = matches!(&request.body, ExpectedBody::Exact(body) if *body == change.without);
                    assert!(!kept || !change.methods.contains(&request.method), "{group}: {}", step.name);
                }
            }
        }
    }
}

struct HeaderNow {
    value: String,
    optional: bool,
}

fn header(request: &ExpectedOutbound, name: &str) -> Option<HeaderNow> {
    let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(HeaderNow { value: header.value.clone(), optional: header.optional })
}

fn is_token_request(request: &ExpectedOutbound) -> bool {
    request.target == "platform.ringcentral.com"
        || header(request, "accept").is_some_and(|accept| accept.value.ends_with("x-www-form-urlencoded"))
}

#[test]
fn a_deviation_must_be_met_as_described() {
    let expect = json!({
        "crmReceived": [{"path": "/v1/contacts?phone=%2B1", "headers": {"Accept": null, "X-New": "1"}}],
        "response": {"status": 201, "body": {"subset": {"successful": false, "at": "<absent>"}, "contains": ["why"], "lacks": ["contact"]}},
    });
    let rules = rules_with(json!([entry("f*d", expect)]));
    let as_described = |step: &recording::Step| {
        let mut act = Expected::recorded(step);
        if step.name == "find" {
            act.received[0].path = "/v1/contacts?phone=%2B1".to_owned();
            let accept = act.received[0].headers.iter_mut().find(|h| h.name == "Accept").unwrap();
            (accept.name, accept.value) = ("X-New".to_owned(), "1".to_owned());
            act.replies[0].status = Some(201);
            act.replies[0].body = ExpectedBody::Exact(r#"{"successful":false,"why":"so"}"#.to_owned());
        }
        act
    };
    let report = play_mirrored(&tiny(), &rules, as_described);
    assert!(!report.is_defective(), "{}", report.details());
    assert_eq!(report.steps[1].verdict, Verdict::Deviates(vec!["D1".to_owned()]));

    let otherwise = play_mirrored(&tiny(), &rules, |step| {
        let mut act = as_described(step);
        act.replies[0].status = Some(202);
        act
    });
    assert_eq!(fields(&otherwise.steps[1].differences), ["response.status"]);
    assert_eq!(otherwise.steps[1].verdict, Verdict::Defect);
}

#[test]
fn a_stale_deviation_is_a_defect() {
    let rules = rules_with(json!([
        entry("find", json!({"response": {"status": 201}})),
        entry("find", json!({"response": {"body": {"subset": {"successful": true}}}})),
    ]));
    let report = play_mirrored(&tiny(), &rules, |step| {
        let mut act = Expected::recorded(step);
        if step.name == "find" {
            act.replies[0].status = Some(201);
        }
        act
    });
    assert_eq!(report.steps[1].problems, ["stale deviation D1: the step agrees without it"]);
    let none_needed = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert!(none_needed.is_defective());
}

#[test]
fn a_deviation_of_a_step_that_does_not_exist_is_a_defect() {
    let rules = rules_with(json!([entry("fund", json!({"response": {"status": 201}}))]));
    let report = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(report.problems, [r#"D1 names the step "fund", which 00-tiny lacks"#]);
}

#[test]
fn a_step_on_a_route_to_come_is_counted_and_the_count_is_exact() {
    let pending: Pending = serde_json::from_value(json!({
        "served": ["POST /apiKeyLogin"], "unknown": [], "steps": [],
        "routes": {"00-tiny": {"GET /contact": 1}},
    }))
    .unwrap();
    let mut rules = Rules { pending, ..plain_rules() };
    let report = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert!(!report.is_defective(), "{}", report.details());
    assert_eq!(report.steps[1].verdict, Verdict::NeedsRoute(vec!["GET /contact".to_owned()]));
    assert!(report.line().contains("needs GET /contact: 1 step"), "{}", report.line());

    rules.deviations = rules_with(json!([entry("find", json!({}))])).deviations;
    let untested = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(untested.steps[1].problems, ["D1 names this step, which is not played yet"]);

    rules = Rules { pending: rules.pending, ..plain_rules() };
    rules.pending.routes["00-tiny"]["GET /contact"] = 2;
    let miscounted = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(miscounted.problems, ["1 steps need GET /contact, the list says 2"]);
}

#[test]
fn a_route_to_come_that_answers_is_a_defect() {
    let pending: Pending = serde_json::from_value(json!({
        "served": ["POST /apiKeyLogin"], "unknown": [], "steps": [],
        "routes": {"00-tiny": {"GET /contact": 1}},
    }))
    .unwrap();
    let rules = Rules { pending, ..plain_rules() };
    let report = play_mirrored(&tiny(), &rules, |step| {
        // One reply more than the steps ask for: the probe gets it.
        let mut act = Expected::recorded(step);
        act.replies.push(act.replies[0].clone());
        act
    });
    assert_eq!(
        report.problems,
        ["GET /contact is listed as still to come but answers 200: move it to `served`"]
    );
}

#[test]
fn a_pending_step_must_not_agree() {
    let mut rules = plain_rules();
    rules.pending.steps = serde_json::from_value(json!([
        {"group": "00-tiny", "step": "find", "needs": "composed text"},
    ]))
    .unwrap();
    let differing = play_mirrored(&tiny(), &rules, |step| {
        let mut act = Expected::recorded(step);
        if step.name == "find" {
            act.replies[0].status = Some(500);
        }
        act
    });
    assert!(!differing.is_defective(), "{}", differing.details());
    assert_eq!(differing.steps[1].verdict, Verdict::NeedsPart("composed text".to_owned()));
    let agreeing = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(agreeing.steps[1].verdict, Verdict::Defect);
}

#[test]
fn a_star_stands_for_any_text() {
    assert!(glob("crm-*", "crm-404"));
    assert!(glob("*: GET /contact", "none: GET /contact"));
    assert!(glob("a*b*c", "a-b-b-c"));
    assert!(!glob("crm-*", "search-404"));
    assert!(!glob("crm", "crm-404"));
}
