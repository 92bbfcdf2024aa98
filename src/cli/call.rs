//! `app-connect call`

use super::shown::show;
use super::{CliError, FOUND, egress, print, runtime, subject, user_file};
use crate::connector::exchange;
use crate::engine::inputs::Inputs;
use crate::engine::render;
use crate::engine::trial::mask;

/// Sends a request and shows the exchange.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: subject::Arguments,
    #[command(flatten)]
    egress: egress::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let document = subject::load(&arguments.subject)?;
    if let Some(user) = &arguments.subject.user {
        user_file::renew(user, &arguments.subject.config, &document.config, &arguments.egress)?;
    }
    let subject = document.subject(&arguments.subject, false)?;
    let mut masked = subject.variables.clone();
    mask(&mut masked);
    let shown = render(subject.operation, &Inputs::from_object(&masked))
        .map_err(|error| format!("nothing is sent: {error}"))?;
    print::line(&show(&shown));
    let inputs = Inputs::from_object(&subject.variables);
    let outcome = runtime()?.block_on(async {
        let client = arguments.egress.client()?;
        Ok::<_, CliError>(exchange(&client, subject.operation, &inputs).await)
    })?;
    match outcome {
        Err(failure) => {
            print::line(&format!("\nfailed ({}): {failure}", failure.kind.as_str()));
            if let Some(message) = failure.message_override.as_ref().and_then(|said| said.message.as_ref()) {
                print::line(&format!("told as: {message}"));
            }
            if let Some(response) = &failure.response {
                print::line(&serde_json::to_string_pretty(&response.body)?);
            }
            Ok(FOUND)
        }
        Ok(exchange) => {
            print::line(&format!("\nHTTP {}", exchange.response.status));
            print::line(&serde_json::to_string_pretty(exchange.response.body())?);
            match exchange.mapped {
                Err(error) => {
                    print::line(&format!("\nnot mapped: {error}"));
                    Ok(FOUND)
                }
                Ok((mapped, problems)) => {
                    print::line("\nmapped to");
                    print::line(&serde_json::to_string_pretty(&mapped)?);
                    for problem in &problems {
                        print::line(&format!("\n{problem}"));
                    }
                    Ok(if problems.is_empty() { 0 } else { FOUND })
                }
            }
        }
    }
}
