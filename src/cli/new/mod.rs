//! `app-connect new`

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{CliError, print};
use crate::atomic_file;
use crate::config::documents::CASES;
use crate::engine::cases::suite::select;
use crate::engine::cases::text;
use crate::engine::oauth::SIGN_IN;
use crate::service::wording::CASE_WORDING;

const DOCUMENT: &str = include_str!("document.json");
const EXAMPLES: &str = include_str!("cases.json");

/// Begins a connector: a document with examples of operations, and their cases. Both are clean at once.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Id of the connector, such as my-crm: the document becomes <ID>.json.
    #[arg(value_parser = proxy_id)]
    id: String,
    /// How users sign in.
    #[arg(long, value_enum, default_value_t)]
    auth: Auth,
    /// Which operations it begins with; each includes those before it.
    #[arg(long, value_enum, default_value_t)]
    template: Template,
    /// The folder to write to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Auth {
    /// The user pastes a key.
    #[default]
    #[value(name = "apiKey", alias = "apikey")]
    ApiKey,
    /// The user signs in at the CRM.
    Oauth,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// Sign-in, searching and creating contacts.
    Contacts,
    /// Logging calls.
    #[default]
    Calls,
    /// Logging messages.
    Messages,
}

impl Template {
    fn has(self, operation: &str) -> bool {
        match operation {
            "createCallLog" | "getCallLog" | "updateCallLog" => self != Self::Contacts,
            "createMessageLog" | "updateMessageLog" => self == Self::Messages,
            _ => true,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let name = format!("{}.json", arguments.id);
    let path: PathBuf = if arguments.dir == Path::new(".") { name.into() } else { arguments.dir.join(name) };
    let cases = path.with_extension(CASES);
    for taken in [&path, &cases] {
        if taken.exists() {
            return Err(CliError(format!(
                "{} is there already; take another id, or another folder with --dir",
                taken.display()
            )));
        }
    }
    std::fs::create_dir_all(&cases).map_err(|error| format!("{}: {error}", cases.display()))?;
    let written = write(arguments, &path, &cases);
    if written.is_err() {
        // Half a connector is none.
        let _ = std::fs::remove_dir_all(&cases);
        let _ = std::fs::remove_file(&path);
    }
    let count = written?;
    print::text(&next(arguments, &path, &cases, count));
    Ok(0)
}

fn write(arguments: &Arguments, path: &Path, folder: &Path) -> Result<usize, CliError> {
    let document = document(arguments)?;
    atomic_file::replace(path, text(&document).as_bytes())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut count = 0;
    for example in serde_json::from_str::<Vec<Value>>(EXAMPLES)? {
        let case = &example["case"];
        let operation = case["operation"].as_str().unwrap_or_default();
        let signs_in = operation == SIGN_IN.as_str();
        let is_wanted = match signs_in {
            true => matches!(arguments.auth, Auth::Oauth),
            false => arguments.template.has(operation),
        };
        if !is_wanted {
            continue;
        }
        let mut input = if signs_in { Map::new() } else { credentials(arguments) };
        input.extend(example["input"].as_object().cloned().unwrap_or_default());
        let folder = folder.join(example["name"].as_str().unwrap_or_default());
        let contents = [
            ("case.json", text(case)),
            ("input.json", text(&Value::Object(input))),
            ("response.json", text(&example["response"])),
        ];
        atomic_file::replace_folder(&folder, &contents)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        count += 1;
    }
    // What is sent and made of the examples is what is expected of them.
    for selection in select(path)? {
        selection.run(CASE_WORDING).rewrite()?;
    }
    Ok(count)
}

fn document(arguments: &Arguments) -> Result<Value, CliError> {
    let mut document: Value = serde_json::from_str(DOCUMENT)?;
    document["meta"]["name"] = json!(arguments.id);
    document["meta"]["displayName"] = json!(display_name(&arguments.id));
    document["auth"] = match arguments.auth {
        Auth::ApiKey => json!({
            "type": "apiKey",
            "scheme": "Bearer",
            "credentialTemplate": "{{apiKey}}",
            "encode": "none",
        }),
        Auth::Oauth => json!({
            "type": "oauth",
            "scheme": "Bearer",
            "clientId": "your-client-id",
            "clientSecretEnv": secret_variable(&arguments.id),
            "authorizationUrl": "https://login.example.com/oauth/authorize",
            "tokenUrl": "https://login.example.com/oauth/token",
            "redirectUri": "https://ringcentral.github.io/ringcentral-embeddable/redirect.html",
            "scopes": ["contacts.read", "contacts.write"],
        }),
    };
    if let Some(operations) = document["operations"].as_object_mut() {
        operations.retain(|name, _| arguments.template.has(name));
    }
    Ok(document)
}

/// The variables of a user who has signed in, with credentials that nobody has.
fn credentials(arguments: &Arguments) -> Map<String, Value> {
    let mut input = Map::new();
    input.insert("apiKey".to_owned(), "fictional-key".into());
    input.insert("authHeader".to_owned(), "Bearer fictional-key".into());
    input.insert(
        "user".to_owned(),
        json!({"id": "u-1", "accessToken": "fictional-key", "platform": arguments.id}),
    );
    input
}

fn next(arguments: &Arguments, path: &Path, cases: &Path, count: usize) -> String {
    let file = path.display();
    let sign_in = match arguments.auth {
        Auth::ApiKey => "`auth`: how the CRM wants the key".to_owned(),
        Auth::Oauth => format!(
            "`auth`: your client id, the CRM's addresses and scopes; the client secret goes into the \
             environment variable {}",
            secret_variable(&arguments.id)
        ),
    };
    format!(
        "wrote {file} and {count} cases in {cases}

Next:
  1. Edit {file}:
     `requestDefaults.baseUrl`: the address of the CRM's API
     {sign_in}
     `operations`: its paths and fields; `app-connect import curl|openapi` makes operations from what you have
  2. app-connect validate {file}             what is wrong, where, and how to mend it
  3. app-connect explain {file} findContact  the request as it would be sent
{explain_sign_in}  4. app-connect record {file} findContact --input number.json --user me.json --force
     a case from your CRM, without its secrets
  5. app-connect test {file}                 and with --update, once what comes out is right
  6. app-connect serve --proxy-configs {folder}
",
        cases = cases.display(),
        explain_sign_in = match arguments.auth {
            Auth::ApiKey => String::new(),
            Auth::Oauth => format!(
                "     app-connect explain {file} signIn       where the user signs in, and how tokens are asked for\n"
            ),
        },
        folder = arguments.dir.display(),
    )
}

/// `my-crm` as `My Crm`.
fn display_name(id: &str) -> String {
    let words = id.split(['-', '_', '.']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `my-crm` as `MY_CRM_CLIENT_SECRET`.
fn secret_variable(id: &str) -> String {
    let name: String = id
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("{name}_CLIENT_SECRET")
}

/// An id that is a file name everywhere and reads well in URLs.
fn proxy_id(id: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let starts = id.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts && id.len() <= 64 && id.chars().all(is_plain) {
        return Ok(id.to_owned());
    }
    Err("an id begins with a letter and has letters, digits, `-` and `_`, such as my-crm".to_owned())
}
