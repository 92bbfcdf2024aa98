//! `app-connect explain`

use super::{CliError, explain_sign_in, print, subject};
use crate::engine::exchange::RequestSpec;
use crate::engine::explain::{Origin, curl, header_text, origins, policies, shortened};
use crate::engine::inputs::Inputs;
use crate::engine::oauth::SIGN_IN;
use crate::engine::render;
use crate::engine::trial::mask;

/// Shows a rendered request; for `signIn`, how users sign in with OAuth.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: subject::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let document = subject::load(&arguments.subject)?;
    if arguments.subject.operation == SIGN_IN.as_str() {
        return explain_sign_in::run(&document, &arguments.subject);
    }
    let mut subject = document.subject(&arguments.subject, true)?;
    mask(&mut subject.variables);
    let inputs = Inputs::from_object(&subject.variables);
    let origins = origins(subject.operation, subject.source, &inputs);
    let request =
        render(subject.operation, &inputs).map_err(|error| format!("nothing would be sent: {error}"))?;
    print::line(&show(&request));
    print::line("\nWhere the values come from, each before it is encoded for its place:");
    show_origins(&origins);
    let policies = policies(subject.operation, subject.rate_limit);
    if !policies.is_empty() {
        print::line("\nWhat is done about failures and limits:");
        policies.iter().for_each(|line| print::line(&format!("  {line}")));
    }
    print::line(&format!("\nAs curl:\n{}", curl(&request)));
    Ok(0)
}

/// Where values come from.
pub(super) fn show_origins(origins: &[Origin]) {
    for origin in origins {
        let value = origin
            .value
            .as_ref()
            .map_or_else(|| "nothing, left out".to_owned(), |value| shortened(value, 80));
        let from = match origin.variables.as_slice() {
            [] => String::new(),
            variables => format!("  (from {})", variables.join(", ")),
        };
        print::line(&format!("  {}\n    {}\n    → {value}{from}", origin.place, origin.template));
    }
}

/// The request as it goes out: method and URL, headers, body. Credentials are masked.
pub(super) fn show(request: &RequestSpec) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {}\n", header_text(value)));
    }
    if let Some(body) = &request.body {
        text.push('\n');
        text.push_str(&body_text(body));
    }
    text.trim_end().to_owned()
}

/// JSON indented, anything else as it is.
pub(super) fn body_text(body: &[u8]) -> String {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}
