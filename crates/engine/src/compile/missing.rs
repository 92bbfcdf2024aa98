//! Values of a request that can be missing where nothing is sent without them.

use serde_json::Value;

use super::super::missing::Demands;
use super::super::operation::{Operation, QueryTemplate};
use super::super::url::{Head, UrlTemplate};
use super::super::variables::Variable;
use crate::config::diagnostic::Code;
use crate::config::document::{OperationRef, optional_parameter};
use crate::config::operations::{NeedsValues, OperationName};
use crate::config::pointer;
use crate::config::problem::{Problem, Problems};

/// Reports what can be missing in the URL, the query and the body.
pub(super) fn check(compiled: &Operation, operation: &OperationRef<'_>, problems: &mut Problems) {
    let demands = compiled.demands();
    let root = format!("/operations/{}", compiled.name);
    // A record whose id is not known is looked up by its session.
    if compiled.finds_by_session()
        && let Some(expression) = compiled.url.path.missing_without(Variable::ThirdPartyLogId)
    {
        problems.push(
            Problem::new(
                Code::CanBeMissing,
                format!("{root}/url"),
                format!(
                    "`{expression}` gives nothing where the record is looked up by `sessionId`; nothing is sent then, and whether it exists stays unknown"
                ),
            )
            .help("send the id in the query, where it is left out then, and ask by `{{sessionId}}` beside it"),
        );
    }
    let mut report = |pointer: String, expression: Option<String>, in_query: bool| {
        if let Some(expression) = expression {
            problems.push(problem(pointer, &expression, compiled.name, in_query));
        }
    };
    report(format!("{root}/url"), in_url(&compiled.url, demands), false);
    if demands.query.is_of_search() {
        match &compiled.query {
            QueryTemplate::Parameters(parameters) => {
                for (name, parameter) in parameters.iter().filter(|(_, parameter)| !parameter.optional) {
                    let mut at = pointer::join(&format!("{root}/query"), name);
                    let written = operation.query.and_then(|query| query.get(&**name));
                    if written.and_then(optional_parameter).is_some() {
                        at = pointer::join(&at, "value");
                    }
                    let value = written
                        .map(|written| optional_parameter(written).map_or(written, |(value, _)| value));
                    parameter.value.visit(value.unwrap_or(&Value::Null), at, &mut |at, template| {
                        report(at, template.can_be_missing(), true);
                    });
                }
            }
            QueryTemplate::Whole(template) => {
                report(format!("{root}/query"), template.can_be_missing(), false);
            }
        }
    }
    if demands.body.is_of_search()
        && let Some(body) = operation.body
    {
        compiled.body.visit(body, format!("{root}/body"), &mut |at, template| {
            report(at, template.can_be_missing(), false);
        });
    }
}

fn in_url(url: &UrlTemplate, demands: Demands) -> Option<String> {
    let head = match &url.head {
        Head::Templated(head) => head.start.can_be_missing().or_else(|| head.rest.can_be_missing()),
        Head::None | Head::Base(_) | Head::Leading { .. } => None,
    };
    let in_query = || url.query.as_ref().filter(|_| demands.query.is_of_search());
    head.or_else(|| url.path.can_be_missing()).or_else(|| in_query()?.can_be_missing())
}

fn problem(pointer: String, expression: &str, operation: OperationName, in_query: bool) -> Problem {
    let of_number = operation.descriptor().needs_values == NeedsValues::ToSearch
        && operation.variables().contains(&Variable::PhoneNumber)
        && expression.contains("honeNumber");
    let when = if of_number {
        "for some phone numbers, such as extensions, hidden ones, and those of an unknown country"
    } else {
        "for some values"
    };
    let message =
        format!("`{expression}` gives nothing {when}; nothing is sent then, and the user is told so");
    Problem::new(Code::CanBeMissing, pointer, message).help(help(expression, of_number, in_query))
}

/// What to write instead, ready to be pasted into JSON.
fn help(expression: &str, of_number: bool, in_query: bool) -> String {
    let inner = expression.trim_matches(['{', '}']).trim().replace('"', "'");
    let instead = if of_number { "phoneNumber" } else { "'…'" };
    let mut help = if inner.starts_with('#') {
        "add `{{else}}` with what to ask by instead".to_owned()
    } else if inner.ends_with('…') {
        "give what to ask by instead: `{{default a b}}`".to_owned()
    } else {
        let value = if inner.contains(' ') { format!("({inner})") } else { inner };
        format!("give what to ask by instead: `{{{{default {value} {instead}}}}}`")
    };
    if of_number && in_query {
        help.push_str(", or every spelling: `{{phoneVariants phoneNumber}}`");
    }
    if in_query {
        help.push_str(", or say that it may be missing: `{ \"value\": …, \"optional\": true }`");
    }
    help
}
