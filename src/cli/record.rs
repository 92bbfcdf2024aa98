//! `app-connect record`

use std::path::Path;

use super::{CliError, FOUND, egress, print, runtime, subject, user_file};
use crate::atomic_file;
use crate::config::documents::CASES;
use crate::engine::cases::record::{Live, record};
use crate::engine::cases::suite::select;
use crate::engine::inputs::Inputs;
use crate::engine::render;
use crate::engine::send::send;
use crate::engine::trial::mask;
use crate::random_id::random_hex;
use crate::service::wording::CASE_WORDING;

/// Records a case: a folder in `<proxyId>.cases` beside the document. Credentials become their names;
/// phone numbers, e-mail addresses and names become fictional ones, the same everywhere. Exits with 0 where
/// the case is written, whatever the CRM answered, with 1 where it did not answer, and with 2 where nothing
/// could be sent.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    subject: subject::Arguments,
    /// Name of the case; else the operation's, such as find-contact.
    #[arg(long, value_name = "NAME", value_parser = case_name)]
    name: Option<String>,
    /// What the case is about, in a sentence.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A further text that must not be in the case. Can be repeated.
    #[arg(long = "redact", value_name = "TEXT")]
    redact: Vec<String>,
    /// Replace the case where it is there already.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    egress: egress::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let document = subject::load(&arguments.subject)?;
    if let Some(user) = &arguments.subject.user {
        user_file::renew(user, &arguments.subject.config, &document.config, &arguments.egress)?;
    }
    let mut subject = document.subject(&arguments.subject, false)?;
    let operation = subject.operation;
    let path = arguments.subject.config.as_path();
    let name = arguments.name.clone().unwrap_or_else(|| kebab(operation.name.as_str()));
    let folder = path.with_extension(CASES).join(name);
    // Before anything is sent: a call may create a record.
    if folder.exists() && !arguments.force {
        return Err(CliError(format!(
            "{} is there already; give the case another name with --name, or replace it with --force",
            folder.display()
        )));
    }
    if operation.reads_idempotency_key() {
        let key = random_hex::<16>().map_err(|error| error.to_string())?;
        subject.variables.entry("idempotencyKey").or_insert_with(|| key.into());
    }
    let inputs = Inputs::from_object(&subject.variables);
    let request = render(operation, &inputs).map_err(|error| format!("nothing is sent: {error}"))?;
    let answered = runtime()?.block_on(async {
        let client = arguments.egress.client()?;
        Ok::<_, CliError>(send(&client, &request).await)
    })?;
    let status = match &answered {
        Ok(reply) => reply.status,
        Err(failure) => match failure.status().filter(|_| failure.response.is_some()) {
            Some(status) => status,
            None => {
                print::error(&format!(
                    "nothing is recorded, because nothing was answered: failed ({}): {failure}",
                    failure.kind.as_str()
                ));
                return Ok(FOUND);
            }
        },
    };
    let mut masked = subject.variables.clone();
    mask(&mut masked);
    let live = Live {
        document: path,
        source: subject.source,
        config: &document.config,
        operation: operation.name,
        variables: &subject.variables,
        masked: &masked,
        answered,
        wording: CASE_WORDING,
    };
    let description = arguments.description.clone().unwrap_or_else(|| {
        format!("{}, recorded from a live call: HTTP {status}.", operation.name.descriptor().title)
    });
    let recorded = record(&live, &description, &arguments.redact).map_err(|why| format!("no case: {why}"))?;
    write(&folder, &recorded.files)?;
    print::line(&format!("{} answered HTTP {status}; recorded in {}", operation.name, folder.display()));
    print::line(&format!("taken out or replaced: {}", recorded.redacted));
    for place in &recorded.changed {
        print::line(&format!("something else comes of it without them: {place}"));
    }
    for outcome in select(&folder)?.into_iter().flat_map(|selection| selection.run(CASE_WORDING).outcomes) {
        if !outcome.passed() {
            return Err(CliError(format!("the recorded case does not pass:\n{outcome}")));
        }
        for problem in &outcome.unfound {
            print::line(&format!("{problem}"));
        }
    }
    print::line(
        "Read the files before you share them: free text is kept as it was, but for what was recognised; \
         --redact TEXT takes out more.",
    );
    Ok(0)
}

fn write(folder: &Path, written: &[(&'static str, String)]) -> Result<(), CliError> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    atomic_file::replace_folder(folder, written)
        .map_err(|error| CliError(format!("{}: {error}", folder.display())))
}

/// `findContact` as `find-contact`.
pub(super) fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// A name that is one folder.
fn case_name(name: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(
            "a case is named by letters, digits, `-`, `_` and `.`, such as find-contact-none".to_owned()
        );
    }
    Ok(name.to_owned())
}
