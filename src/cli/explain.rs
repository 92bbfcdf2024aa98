//! `app-connect explain`

use super::shown::{show, show_origins};
use super::{CliError, explain_sign_in, print, subject};
use crate::engine::explain::{curl, origins, policies};
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
