//! A step written out for people: what was sent, what reached the CRM, what came back.
use super::client::Request;
use super::compare::Observed;
use super::placeholders::{self, Bindings};
use super::recording::Step;

/// Variables that a step uses and no step gave.
pub fn unknown_variables(step: &Step, bindings: &Bindings) -> Vec<String> {
    let requests = step.requests().into_iter();
    requests
        .flat_map(|request| {
            let headers = request.headers.values().map(String::as_str);
            headers.chain([request.path.as_str()]).flat_map(placeholders::variables_in).collect::<Vec<_>>()
        })
        .filter(|name| !bindings.variables.contains_key(name))
        .map(|name| format!("no step gave ${{{name}}}; it is sent as it is written"))
        .collect()
}

/// A request of the client.
pub fn describe_request(request: &Request) -> String {
    let mut text = format!("client > {} {}", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("\n           {name}: {value}"));
    }
    if let Some(body) = &request.body {
        text.push_str(&format!("\n           {}", String::from_utf8_lossy(body)));
    }
    text
}

/// What the server did.
pub fn describe(observed: &Observed) -> Vec<String> {
    let received = observed.received.iter().map(|request| {
        let mut text = format!("  {} < {} {}", request.target, request.method, request.path);
        for (name, value) in &request.headers {
            text.push_str(&format!("\n           {name}: {value}"));
        }
        text + "\n           " + &String::from_utf8_lossy(&request.body)
    });
    let replies = observed.replies.iter().map(|reply| match reply {
        Ok(Some(reply)) => {
            format!("client < {} {:?}\n           {}", reply.status, reply.headers, reply.text())
        }
        Ok(None) => "client < no response".to_owned(),
        Err(error) => format!("client < {error}"),
    });
    received.chain(replies).collect()
}
