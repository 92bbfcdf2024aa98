//! Says what is known about a variable that an operation does not have.

use std::ops::Range;

use super::place::Place;
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::problem::Problem;
use crate::config::suggest::nearest;
use crate::variables::{self, Resolution, Shape, Variable};

/// How many operations a message names before it counts the rest.
const NAMED: usize = 4;

/// A variable that an operation, or some of the operations that share a text, do not have.
pub(super) fn variable(expression: &str, range: Range<usize>, place: Place<'_>) -> Problem {
    let segments: Vec<&str> = expression.split('.').collect();
    let own = [place.operation];
    let readers = if place.shared.is_empty() { &own } else { place.shared };
    let (having, lacking): (Vec<OperationName>, Vec<OperationName>) =
        readers.iter().copied().partition(|reader| has(*reader, &segments));
    let problem = |message: String| {
        Problem::new(Code::UnknownVariable, place.pointer, message)
            .part(place.part(range.clone()))
            .label("renders as nothing")
    };
    if !having.is_empty() {
        let their = if having.len() == 1 { "its" } else { "their" };
        return problem(format!("{} no variable `{expression}`", have(&lacking)))
            .label("renders as nothing there")
            .help(format!(
                "operations share this, and all of them see {COMMON}; for more, give {} {their} own {}",
                named(&having),
                own_place(place.pointer)
            ));
    }
    let first = lacking.first().copied().unwrap_or(place.operation);
    let near = names_of_all(readers);
    let near = nearest(expression, near.iter().map(String::as_str));
    if let Some((message, help)) = no_member(first, &segments) {
        return problem(message).help(help);
    }
    let elsewhere: Vec<OperationName> =
        OperationName::ALL.iter().copied().filter(|other| has(*other, &segments)).collect();
    let message = match readers {
        [one] => format!("`{one}` has no variable `{expression}`"),
        _ if elsewhere.is_empty() => format!("there is no variable `{expression}`"),
        _ => format!("none of the operations that share this has a variable `{expression}`"),
    };
    if !elsewhere.is_empty() {
        let only = format!("only {} it", have(&elsewhere));
        return problem(message)
            .help(near.map_or(only.clone(), |name| format!("{only}; here it may be `{name}`")));
    }
    problem(message).help(match (near, readers) {
        (Some(name), _) => format!("did you mean `{name}`?"),
        (None, [one]) => {
            let own: String =
                one.variables().iter().map(|variable| format!("{}, ", variable.name())).collect();
            format!("`{one}` sees {own}{COMMON}")
        }
        (None, _) => format!("every operation sees {COMMON}"),
    })
}

/// What every operation sees, in words.
const COMMON: &str = "user.*, apiKey, authHeader, secretKey, idempotencyKey and now";

fn has(operation: OperationName, segments: &[&str]) -> bool {
    matches!(variables::resolve(operation.variables(), segments), Resolution::Known(..) | Resolution::User)
}

/// The names that all of these operations know.
fn names_of_all(operations: &[OperationName]) -> Vec<String> {
    let mut names: Vec<String> =
        operations.first().map(|first| variables::names(first.variables())).unwrap_or_default();
    for other in operations.iter().skip(1) {
        let known = variables::names(other.variables());
        names.retain(|name| known.contains(name));
    }
    names
}

/// Where the variable exists and its member does not: the message and the help.
fn no_member(operation: OperationName, segments: &[&str]) -> Option<(String, String)> {
    if let ["user", member, ..] = segments
        && variables::resolve(operation.variables(), segments) == Resolution::Unknown
    {
        let members: Vec<&str> =
            Variable::ALL.iter().filter_map(|one| one.name().strip_prefix("user.")).collect();
        return Some(wrong_member("user", member, &members));
    }
    let Resolution::UnknownMember(variable) = variables::resolve(operation.variables(), segments) else {
        return None;
    };
    let mut shape = variable.shape();
    let mut path = variable.name().to_owned();
    for segment in &segments[variable.name().split('.').count()..] {
        let Shape::Members(members) = shape else {
            return Some((
                format!("`{path}` is a single value without members"),
                format!("write `{{{{{path}}}}}`"),
            ));
        };
        let Some(member) = members.iter().find(|member| member.name == *segment) else {
            let names: Vec<&str> = members.iter().map(|member| member.name).collect();
            return Some(wrong_member(&path, segment, &names));
        };
        shape = member.shape;
        path = format!("{path}.{segment}");
    }
    None
}

fn wrong_member(path: &str, member: &str, known: &[&str]) -> (String, String) {
    let help = match nearest(member, known.iter().copied()) {
        Some(name) => format!("did you mean `{path}.{name}`?"),
        None => format!("`{path}` has {}", known.join(", ")),
    };
    (format!("`{path}` has no member `{member}`"), help)
}

/// Where an operation can have its own of what is shared.
fn own_place(pointer: &str) -> &'static str {
    if pointer.starts_with("/auth") {
        "`auth`"
    } else if pointer.starts_with("/requestDefaults/defaultHeaders") {
        "`headers`"
    } else {
        "absolute `url`"
    }
}

fn named(operations: &[OperationName]) -> String {
    let names: Vec<String> = operations.iter().map(|operation| format!("`{operation}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] if some.len() < NAMED => format!("{} and {last}", some.join(", ")),
        all => format!("{} and {} more", all[..NAMED].join(", "), all.len() - NAMED),
    }
}

fn have(operations: &[OperationName]) -> String {
    let verb = if operations.len() == 1 { "has" } else { "have" };
    format!("{} {verb}", named(operations))
}
