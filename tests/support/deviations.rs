//! The list of deviations, `fixtures/deviations.json`: where this server does not do what was
//! recorded, what it does instead, and why. The replay checks the list both ways.
use super::expected::{Expected, ExpectedBody, ExpectedHeader, ExpectedOutbound, ExpectedReply};
use super::recording::{CrmReply, Step, fixtures};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// The whole list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    /// Applied to every step.
    #[serde(default)]
    pub global: Vec<Global>,
    /// Applied to the steps they name.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// A deviation in every outbound request: in a header or in the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Global {
    pub id: String,
    pub title: String,
    pub reference: String,
    pub here: String,
    pub why: String,
    /// `path` or `path::test_name`.
    pub test: String,
    pub outbound_header: Option<HeaderChange>,
    pub outbound_body: Option<BodyChange>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderChange {
    /// In any case.
    pub name: String,
    /// The recorded value that it concerns; other values stay as recorded.
    pub from: String,
    /// What is sent instead; `${version}` is this package's. Absent: the recorded value.
    pub to: Option<String>,
    /// The header may also be absent.
    #[serde(default)]
    pub optional: bool,
}

/// Requests that go out without the body that was recorded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyChange {
    pub methods: Vec<String>,
    /// The recorded body that is not sent.
    pub without: String,
    /// A header that came with the body: the recorded value may be absent.
    pub header: String,
}

/// A deviation of certain steps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The number in quirks.md (`Q34`), else `D1`, `D2`, … Not unique.
    pub id: String,
    pub title: String,
    pub reference: String,
    pub here: String,
    pub why: String,
    /// `path` or `path::test_name`.
    pub test: String,
    pub steps: Vec<Covered>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    pub group: String,
    /// A step name; `*` stands for any text. A name that has a star of its own is matched by it.
    pub step: String,
    /// Headers that the client's request brings besides: proof that the reference did not ask for.
    #[serde(rename = "requestHeaders", default)]
    pub request_headers: IndexMap<String, String>,
    /// What the CRM answers instead, where another number of requests reaches it.
    #[serde(rename = "crmReplies")]
    pub crm_replies: Option<Vec<CrmReply>>,
    pub expect: Expect,
}

/// What replaces the recorded outcome; what is absent stays as recorded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// All outbound requests of the step; each takes what it lacks from the recorded one at the
    /// same place, or from the last one where there are more than were recorded.
    pub crm_received: Option<Vec<OutboundOverride>>,
    pub response: Option<ReplyOverride>,
    /// Instead of `response`, for a step with concurrent requests.
    pub responses: Option<Vec<ReplyOverride>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundOverride {
    pub target: Option<String>,
    pub method: Option<String>,
    pub path: Option<String>,
    /// Merged over the recorded ones; `null`: no such header.
    #[serde(default)]
    pub headers: IndexMap<String, Option<String>>,
    pub body: Option<BodyOverride>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyOverride {
    pub status: Option<u16>,
    /// Merged over the recorded ones; `null`: no such header.
    #[serde(default)]
    pub headers: IndexMap<String, Option<String>>,
    pub body: Option<BodyOverride>,
}

/// Either `text` or `json`, else any of `subset`, `contains` and `lacks`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyOverride {
    /// Byte for byte.
    pub text: Option<String>,
    /// Exactly this JSON, without spaces and in this key order.
    pub json: Option<Value>,
    /// At least this JSON; `"<absent>"` for a field that must not be there.
    pub subset: Option<Value>,
    /// Text that has all of these in it.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Text that has none of these in it.
    #[serde(default)]
    pub lacks: Vec<String>,
}

/// Reads `fixtures/deviations.json`.
pub fn load() -> Deviations {
    let path = fixtures().join("deviations.json");
    let text = std::fs::read_to_string(&path).expect("fixtures/deviations.json is readable");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The expectations that an entry has of one step.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    pub entry: &'a Entry,
    covered: &'a Covered,
}

impl Applied<'_> {
    /// What the client's request brings besides.
    pub fn request_headers(&self) -> &IndexMap<String, String> {
        &self.covered.request_headers
    }

    /// The CRM's replies where the entry changes them.
    pub fn crm_replies(&self) -> Option<&[CrmReply]> {
        self.covered.crm_replies.as_deref()
    }
}

impl Deviations {
    /// What the recording says of a step, seen through the global deviations.
    pub fn recorded(&self, step: &Step) -> Expected {
        let mut expected = Expected::recorded(step);
        for change in self.global.iter().filter_map(|global| global.outbound_body.as_ref()) {
            expected.received.iter_mut().for_each(|request| without_body(request, change));
        }
        for change in self.global.iter().filter_map(|global| global.outbound_header.as_ref()) {
            let headers = expected.received.iter_mut().flat_map(|request| &mut request.headers);
            for header in headers {
                if header.name.eq_ignore_ascii_case(&change.name) && header.value == change.from {
                    if let Some(to) = &change.to {
                        header.value = to.replace("${version}", env!("CARGO_PKG_VERSION"));
                    }
                    header.optional |= change.optional;
                }
            }
        }
        expected
    }

    /// The entries that name a step, in the order of the list.
    pub fn covering(&self, group: &str, step: &str) -> Vec<Applied<'_>> {
        let covers = |covered: &&Covered| covered.group == group && glob(&covered.step, step);
        self.entries
            .iter()
            .flat_map(|entry| {
                let steps = entry.steps.iter().filter(covers);
                steps.map(move |covered| Applied { entry, covered })
            })
            .collect()
    }

    /// Entries of a group whose step does not exist there, in words.
    pub fn without_step(&self, group: &str, steps: &[Step]) -> Vec<String> {
        let missing = |covered: &&Covered| {
            covered.group == group && !steps.iter().any(|step| glob(&covered.step, &step.name))
        };
        self.entries
            .iter()
            .flat_map(|entry| {
                entry.steps.iter().filter(missing).map(move |covered| {
                    format!("{} names the step {:?}, which {group} lacks", entry.id, covered.step)
                })
            })
            .collect()
    }
}

fn without_body(request: &mut ExpectedOutbound, change: &BodyChange) {
    let is_recorded = matches!(&request.body, ExpectedBody::Exact(body) if *body == change.without);
    if !is_recorded || !change.methods.contains(&request.method) {
        return;
    }
    request.body = ExpectedBody::Exact(String::new());
    // Its length is compared with the body.
    request.headers.retain(|header| !header.name.eq_ignore_ascii_case("content-length"));
    for header in &mut request.headers {
        header.optional |= header.name.eq_ignore_ascii_case(&change.header);
    }
}

/// The recorded outcome changed by entries, the later ones over the earlier ones.
pub fn apply<'a>(recorded: &Expected, entries: impl IntoIterator<Item = &'a Applied<'a>>) -> Expected {
    let mut expected = recorded.clone();
    for applied in entries {
        if let Some(overrides) = &applied.covered.expect.crm_received {
            expected.received = overrides
                .iter()
                .enumerate()
                .map(|(index, change)| {
                    changed_outbound(expected.received.get(index).or(expected.received.last()), change)
                })
                .collect();
        }
        let single = applied.covered.expect.response.iter();
        let replies = single.chain(applied.covered.expect.responses.iter().flatten());
        for (reply, change) in expected.replies.iter_mut().zip(replies) {
            change_reply(reply, change);
        }
    }
    expected
}

fn changed_outbound(recorded: Option<&ExpectedOutbound>, change: &OutboundOverride) -> ExpectedOutbound {
    let mut request = recorded.cloned().unwrap_or_else(|| ExpectedOutbound {
        target: "crm".to_owned(),
        method: String::new(),
        path: String::new(),
        headers: Vec::new(),
        body: ExpectedBody::Exact(String::new()),
    });
    let replace = |field: &mut String, value: &Option<String>| {
        if let Some(value) = value {
            field.clone_from(value);
        }
    };
    replace(&mut request.target, &change.target);
    replace(&mut request.method, &change.method);
    replace(&mut request.path, &change.path);
    for (name, value) in &change.headers {
        request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            let (name, value) = (name.clone(), value.replace("${version}", env!("CARGO_PKG_VERSION")));
            request.headers.push(ExpectedHeader { name, value, optional: false });
        }
    }
    if let Some(body) = &change.body {
        request.body = body_of(body);
    }
    request
}

fn change_reply(reply: &mut ExpectedReply, change: &ReplyOverride) {
    reply.status = change.status.or(reply.status);
    for (name, value) in &change.headers {
        match value {
            Some(value) => drop(reply.headers.insert(name.to_lowercase(), value.clone())),
            None => drop(reply.headers.shift_remove(&name.to_lowercase())),
        }
    }
    if let Some(body) = &change.body {
        reply.body = body_of(body);
    }
}

fn body_of(change: &BodyOverride) -> ExpectedBody {
    let exact = change.text.clone().or_else(|| change.json.as_ref().map(Value::to_string));
    exact.map_or_else(
        || ExpectedBody::AtLeast {
            subset: change.subset.clone(),
            contains: change.contains.clone(),
            lacks: change.lacks.clone(),
        },
        ExpectedBody::Exact,
    )
}

/// Whether a name is the pattern, where `*` stands for any text.
pub fn glob(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    (0..=name.len()).filter(|&at| name.is_char_boundary(at)).any(|at| glob(rest, &name[at..]))
}
