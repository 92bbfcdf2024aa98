//! Checks of the replay itself: it must agree with a server that does what was recorded, and
//! must see whatever is changed in it.
use crate::support::compare::{self, Difference, Expected, ExpectedBody, Observed};
use crate::support::deviations::{self, Deviations, glob};
use crate::support::mirror::Mirror;
use crate::support::pending::Pending;
use crate::support::placeholders::Bindings;
use crate::support::player::{self, GroupReport, Rules, Verdict};
use crate::support::recording::{self, Recording};
use crate::support::scripted_crm::ScriptedCrm;
use serde_json::{Value, json};

/// Two steps: a login, and a contact search with what it gave.
fn tiny() -> Recording {
    let outbound = |path: &str| {
        json!({
            "target": "crm", "method": "GET", "path": path,
            "headers": {"Accept": "application/json", "User-Agent": "axios/1.21.1",
                "Host": "@@CRM_HOST@@", "Connection": "keep-alive", "Content-Length": "13"},
            "body": {"kind": "json", "json": null, "text": "{\"a\":1,\"b\":2}"},
        })
    };
    let reply = |text: &str| {
        json!({
            "status": 200,
            "headers": {"content-type": "application/json; charset=utf-8",
                "access-control-allow-origin": "*"},
            "body": {"kind": "json", "json": null, "text": text},
        })
    };
    let token = "<jwt id=ada-crm platform=crm>";
    serde_json::from_value(json!({
        "group": "00-tiny", "description": "", "source": "", "configs": {}, "tokens": {},
        "environment": {"APP_SERVER_SECRET_KEY": "a secret of sixteen bytes or more"},
        "steps": [
            {
                "name": "login",
                "request": {"method": "POST", "path": "/apiKeyLogin", "headers": {}, "body": {}},
                "crmReplies": [{"status": 200, "json": {"id": "ada"}}],
                "crmReceived": [outbound("/v1/me")],
                "response": reply(&json!({"jwtToken": token, "name": "Ada"}).to_string()),
                "capture": {"ada": "jwtToken"},
            },
            {
                "name": "find",
                "request": {"method": "GET", "path": "/contact?phoneNumber=1",
                    "headers": {"Authorization": "Bearer ${ada}"}},
                "crmReplies": [{"status": 200, "json": []}],
                "crmReceived": [outbound("/v1/contacts?phone=1")],
                "response": reply(r#"{"successful":true,"contact":[],"at":"<now>"}"#),
            },
        ],
    }))
    .unwrap()
}

/// Rules under which everything is played and nothing deviates.
fn plain_rules() -> Rules {
    Rules {
        deviations: Deviations::default(),
        pending: Pending {
            served: vec!["* *".to_owned()],
            ..Pending::default()
        },
    }
}

fn rules_with(entries: Value) -> Rules {
    let deviations = serde_json::from_value(json!({ "entries": entries })).unwrap();
    Rules {
        deviations,
        ..plain_rules()
    }
}

fn entry(step: &str, expect: Value) -> Value {
    json!({
        "id": "D1", "title": "", "reference": "", "here": "", "why": "", "test": "",
        "steps": [{"group": "00-tiny", "step": step, "expect": expect}],
    })
}

/// Plays a recording against a server that does what `acts` makes of each step.
fn play_mirrored(
    recording: &Recording,
    rules: &Rules,
    acts: impl Fn(&recording::Step) -> Expected,
) -> GroupReport {
    let crm = ScriptedCrm::start();
    let bindings = Bindings::new(recording, &crm);
    let mirror = Mirror::start(&crm, &bindings);
    player::play(
        recording,
        mirror.address(),
        &crm,
        bindings,
        rules,
        None,
        &|step| {
            mirror.act(acts(step));
        },
    )
}

/// The differences of the step `find` where the server does what `change` makes of it.
fn found(change: impl Fn(&mut Expected)) -> Vec<Difference> {
    let acts = |step: &recording::Step| {
        let mut expected = Expected::recorded(step);
        if step.name == "find" {
            change(&mut expected);
        }
        expected
    };
    let report = play_mirrored(&tiny(), &plain_rules(), acts);
    assert_eq!(
        report.steps[0].verdict,
        Verdict::Agrees,
        "{}",
        report.details()
    );
    report.steps[1].differences.clone()
}

fn fields(differences: &[Difference]) -> Vec<&str> {
    differences
        .iter()
        .map(|difference| difference.field.as_str())
        .collect()
}

#[test]
fn a_server_that_does_what_was_recorded_agrees_everywhere() {
    for group in recording::groups() {
        let recording = recording::load(&group);
        let report = play_mirrored(&recording, &plain_rules(), Expected::recorded);
        assert!(!report.is_defective(), "{}", report.details());
        assert_eq!(report.steps.len(), recording.steps.len());
        assert!(
            report
                .steps
                .iter()
                .all(|step| step.verdict == Verdict::Agrees)
        );
    }
}

#[test]
fn every_listed_deviation_asks_for_something_else_than_was_recorded() {
    let rules = Rules {
        deviations: deviations::load(),
        ..plain_rules()
    };
    let mut mistakes = Vec::new();
    for group in recording::groups() {
        let recording = recording::load(&group);
        let acts = |step: &recording::Step| rules.deviations.recorded(step);
        for step in play_mirrored(&recording, &rules, acts).steps {
            let entries = rules.deviations.covering(&group, &step.name);
            if step.differences.is_empty() != entries.is_empty() {
                mistakes.push(format!("{group}: {}", step.details()));
            }
        }
    }
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
        assert!(
            text.contains(function),
            "{id}: {} has no {function}",
            path.display()
        );
    }
    for entry in &list.entries {
        assert!(!entry.steps.is_empty(), "{} covers no step", entry.id);
        for covered in &entry.steps {
            assert!(
                groups.contains(&covered.group),
                "{} names {}",
                entry.id,
                covered.group
            );
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
                for global in &list.global {
                    let HeaderNow { value, optional } =
                        header(&request, &global.outbound_header.name);
                    if global.outbound_header.to.is_some() {
                        assert_ne!(value, global.outbound_header.from, "{group}: {}", step.name);
                    }
                    assert_eq!(optional, global.outbound_header.optional);
                }
            }
        }
    }
}

struct HeaderNow {
    value: String,
    optional: bool,
}

fn header(request: &compare::ExpectedOutbound, name: &str) -> HeaderNow {
    let header = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name));
    let header = header.unwrap_or_else(|| panic!("{} lacks {name}", request.path));
    HeaderNow {
        value: header.value.clone(),
        optional: header.optional,
    }
}

#[test]
fn a_changed_key_order_is_seen() {
    let differences = found(|act| {
        act.received[0].body = ExpectedBody::Exact(r#"{"b":2,"a":1}"#.to_owned());
        act.replies[0].body =
            ExpectedBody::Exact(r#"{"contact":[],"successful":true,"at":"<now>"}"#.to_owned());
    });
    assert_eq!(
        fields(&differences),
        ["crmReceived[0].body key order", "response.body key order"]
    );
    assert_eq!(differences[0].expected, "a, b");
    assert_eq!(differences[0].got, "b, a");
}

#[test]
fn spacing_of_json_is_seen() {
    let differences =
        found(|act| act.received[0].body = ExpectedBody::Exact(r#"{"a":1, "b":2}"#.to_owned()));
    assert_eq!(
        fields(&differences),
        [
            "crmReceived[0].headers.Content-Length",
            "crmReceived[0].body"
        ]
    );
}

#[test]
fn missing_changed_doubled_and_added_headers_are_seen() {
    let differences = found(|act| {
        let headers = &mut act.received[0].headers;
        headers.retain(|header| header.name != "Accept");
        let agent = headers
            .iter_mut()
            .find(|header| header.name == "User-Agent")
            .unwrap();
        agent.value = "other".to_owned();
        let mut extra = agent.clone();
        extra.name = "X-Extra".to_owned();
        let host = headers
            .iter()
            .find(|header| header.name == "Host")
            .unwrap()
            .clone();
        headers.extend([extra, host]);
        act.replies[0]
            .headers
            .shift_remove("access-control-allow-origin");
    });
    assert_eq!(
        fields(&differences),
        [
            "crmReceived[0].headers.Accept",
            "crmReceived[0].headers.User-Agent",
            "crmReceived[0].headers.Host",
            "crmReceived[0].headers.X-Extra",
            "response.headers.access-control-allow-origin",
        ]
    );
}

#[test]
fn header_names_may_be_in_another_case() {
    let differences = found(|act| {
        act.received[0]
            .headers
            .iter_mut()
            .for_each(|header| header.name = header.name.to_lowercase());
    });
    assert_eq!(differences, []);
}

#[test]
fn extra_missing_and_other_requests_are_seen() {
    let extra = found(|act| act.received.push(act.received[0].clone()));
    assert_eq!(
        fields(&extra),
        ["crmReceived count", "crmReceived[1]", "scripted CRM"],
        "the second request also finds no reply in the script"
    );
    let missing = found(|act| act.received.clear());
    assert_eq!(fields(&missing), ["crmReceived count", "crmReceived[0]"]);
    let other = found(|act| {
        act.received[0].path = "/v1/contacts?phone=%31".to_owned();
        act.received[0].method = "POST".to_owned();
    });
    assert_eq!(
        fields(&other),
        ["crmReceived[0].method", "crmReceived[0].path"]
    );
}

#[test]
fn the_target_is_the_listener_that_got_the_request() {
    let differences = found(|act| act.received[0].target = "platform.ringcentral.com".to_owned());
    assert_eq!(
        fields(&differences),
        ["crmReceived[0].target", "crmReceived[0].headers.Host"]
    );
}

#[test]
fn every_difference_of_a_body_is_listed() {
    let differences = found(|act| {
        act.replies[0].status = Some(400);
        act.replies[0].body =
            ExpectedBody::Exact(r#"{"successful":false,"contact":[1],"extra":1}"#.to_owned());
    });
    assert_eq!(
        fields(&differences),
        [
            "response.status",
            "response.body.successful",
            "response.body.contact count",
            "response.body.at",
            "response.body.extra",
        ]
    );
}

#[test]
fn silence_and_unexpected_answers_are_seen() {
    let mut recording = tiny();
    recording.steps[1].response =
        Some(serde_json::from_value(json!({"noResponse": true, "waitedMs": 50})).unwrap());
    let silent = play_mirrored(&recording, &plain_rules(), Expected::recorded);
    assert!(!silent.is_defective(), "{}", silent.details());
    let answering = tiny();
    let report = play_mirrored(&recording, &plain_rules(), |step| {
        let same = answering
            .steps
            .iter()
            .find(|other| other.name == step.name)
            .unwrap();
        Expected::recorded(same)
    });
    assert_eq!(fields(&report.steps[1].differences), ["response"]);
}

#[test]
fn placeholders_stand_for_what_they_name() {
    let recording = tiny();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let fits = |recorded: &str, got: &str| bindings.matcher().matches(recorded, got).is_ok();
    let now = jiff::Timestamp::now().to_string();
    assert!(fits("at <now>!", &format!("at {now}!")));
    assert!(!fits("at <now>!", "at 2001-01-01T00:00:00.000Z!"));
    assert!(fits("<uuid>", "3f0e8a52-1111-4222-8333-444455556666"));
    assert!(!fits("<uuid>", "3f0e8a52-1111-4222-8333-44445555666"));
    assert!(fits("<hex32>!", "0123456789abcdef0123456789abcdef!"));
    assert!(!fits("<hex32>", "0123456789abcdef"));
    assert!(
        fits("<b>bold</b> <now", "<b>bold</b> <now"),
        "other angle brackets are text"
    );

    let token = bindings.session_token("ada-crm", "crm");
    assert!(fits(
        "\"<jwt id=ada-crm platform=crm>\"",
        &format!("\"{token}\"")
    ));
    assert!(!fits("<jwt id=bob-crm platform=crm>", &token));
    assert!(!fits("<jwt id=ada-crm platform=other>", &token));
    let mut other_secret = recording.clone();
    other_secret.environment["APP_SERVER_SECRET_KEY"] = "another secret of that length".to_owned();
    let forged =
        Bindings::new(&other_secret, &ScriptedCrm::start()).session_token("ada-crm", "crm");
    assert!(!fits("<jwt id=ada-crm platform=crm>", &forged));
}

#[test]
fn a_boundary_is_the_same_in_its_header_and_its_body() {
    let bindings = Bindings::new(&tiny(), &ScriptedCrm::start());
    let matcher = bindings.matcher();
    assert!(
        matcher
            .matches(
                "multipart/form-data; boundary=<boundary>",
                "multipart/form-data; boundary=xyz"
            )
            .is_ok()
    );
    assert!(matcher.matches("--<boundary>--", "--xyz--").is_ok());
    assert!(matcher.matches("--<boundary>--", "--abc--").is_err());
}

#[test]
fn minted_tokens_expire_when_the_recording_says() {
    let mut recording = tiny();
    recording.tokens = serde_json::from_value(json!({
        "short": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 60},
        "session": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 1_209_600},
        "foreign": {"claims": {"id": "ada-crm", "platform": "crm"}, "expiresInSeconds": 1_209_600,
            "signedWith": "another secret of that length"},
        "endless": {"claims": {"id": "ada-crm", "platform": "crm"}},
    }))
    .unwrap();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let is_session = |name: &str| {
        let token = &bindings.variables[name];
        bindings
            .matcher()
            .matches("<jwt id=ada-crm platform=crm>", token)
            .is_ok()
    };
    assert!(is_session("session"));
    assert!(!is_session("short"));
    assert!(!is_session("foreign"));
    assert!(!is_session("endless"));
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
            let accept = act.received[0]
                .headers
                .iter_mut()
                .find(|h| h.name == "Accept")
                .unwrap();
            (accept.name, accept.value) = ("X-New".to_owned(), "1".to_owned());
            act.replies[0].status = Some(201);
            act.replies[0].body =
                ExpectedBody::Exact(r#"{"successful":false,"why":"so"}"#.to_owned());
        }
        act
    };
    let report = play_mirrored(&tiny(), &rules, as_described);
    assert!(!report.is_defective(), "{}", report.details());
    assert_eq!(
        report.steps[1].verdict,
        Verdict::Deviates(vec!["D1".to_owned()])
    );

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
        entry(
            "find",
            json!({"response": {"body": {"subset": {"successful": true}}}})
        ),
    ]));
    let report = play_mirrored(&tiny(), &rules, |step| {
        let mut act = Expected::recorded(step);
        if step.name == "find" {
            act.replies[0].status = Some(201);
        }
        act
    });
    assert_eq!(
        report.steps[1].problems,
        ["stale deviation D1: the step agrees without it"]
    );
    let none_needed = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert!(none_needed.is_defective());
}

#[test]
fn a_deviation_of_a_step_that_does_not_exist_is_a_defect() {
    let rules = rules_with(json!([entry("fund", json!({"response": {"status": 201}}))]));
    let report = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(
        report.problems,
        [r#"D1 names the step "fund", which 00-tiny lacks"#]
    );
}

#[test]
fn a_step_on_a_route_to_come_is_counted_and_the_count_is_exact() {
    let pending: Pending = serde_json::from_value(json!({
        "served": ["POST /apiKeyLogin"], "unknown": [], "steps": [],
        "routes": {"00-tiny": {"GET /contact": 1}},
    }))
    .unwrap();
    let mut rules = Rules {
        pending,
        ..plain_rules()
    };
    let report = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert!(!report.is_defective(), "{}", report.details());
    assert_eq!(
        report.steps[1].verdict,
        Verdict::NeedsRoute(vec!["GET /contact".to_owned()])
    );
    assert!(
        report.line().contains("needs GET /contact: 1 step"),
        "{}",
        report.line()
    );

    rules.deviations = rules_with(json!([entry("find", json!({}))])).deviations;
    let untested = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(
        untested.steps[1].problems,
        ["D1 names this step, which is not played yet"]
    );

    rules = Rules {
        pending: rules.pending,
        ..plain_rules()
    };
    rules.pending.routes["00-tiny"]["GET /contact"] = 2;
    let miscounted = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(
        miscounted.problems,
        ["1 steps need GET /contact, the list says 2"]
    );
}

#[test]
fn a_route_to_come_that_answers_is_a_defect() {
    let pending: Pending = serde_json::from_value(json!({
        "served": ["POST /apiKeyLogin"], "unknown": [], "steps": [],
        "routes": {"00-tiny": {"GET /contact": 1}},
    }))
    .unwrap();
    let rules = Rules {
        pending,
        ..plain_rules()
    };
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
    assert_eq!(
        differing.steps[1].verdict,
        Verdict::NeedsPart("composed text".to_owned())
    );
    let agreeing = play_mirrored(&tiny(), &rules, Expected::recorded);
    assert_eq!(agreeing.steps[1].verdict, Verdict::Defect);
}

#[test]
fn an_unchanged_observation_has_no_differences_and_an_empty_one_has() {
    let recording = tiny();
    let bindings = Bindings::new(&recording, &ScriptedCrm::start());
    let expected = Expected::recorded(&recording.steps[0]);
    let nothing = compare::differences(&expected, &Observed::default(), &bindings);
    assert_eq!(
        fields(&nothing),
        ["crmReceived count", "crmReceived[0]", "response count"]
    );
}

#[test]
fn a_star_stands_for_any_text() {
    assert!(glob("crm-*", "crm-404"));
    assert!(glob("*: GET /contact", "none: GET /contact"));
    assert!(glob("a*b*c", "a-b-b-c"));
    assert!(!glob("crm-*", "search-404"));
    assert!(!glob("crm", "crm-404"));
}
