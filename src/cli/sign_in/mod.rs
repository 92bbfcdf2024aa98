//! `app-connect sign-in`

mod returned;
mod waiting;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use url::Url;

use super::{CliError, FOUND, egress, print, runtime, subject, user_file};
use crate::config::operations::OperationName;
use crate::connector;
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{FormGrant, Grant, Granted, OAuth, exchange, pkce};
use crate::engine::operation::{AuthType, CompiledDocument, Operation};
use crate::engine::send::Client;
use crate::engine::trial::complete;
use crate::random_id::random_hex;
use crate::secret::Secret;
use waiting::{Place, Waiting};

/// Signs in to an OAuth connector's CRM, as a user does with a phone, and keeps the tokens in a file that `call`
/// and `record` take with --user. Opens the CRM's sign-in page in a browser. Exits with 0 where the user is signed
/// in, with 1 where the CRM refused, and with 2 where the sign-in could not begin.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The proxyConfig.
    config: PathBuf,
    /// The CRM's host, where the document asks for it, such as acme.example.com.
    #[arg(long, value_name = "HOST")]
    hostname: Option<String>,
    /// JSON file of further template variables, or - for standard input, such as
    /// {"additionalInfo": {"username": …}} for a document with another grant than the authorization code.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where to write the user. Default: the document's name with the ending `.user`, in this folder.
    #[arg(long, value_name = "FILE")]
    user: Option<PathBuf>,
    /// Print the address of the sign-in page and open no browser.
    #[arg(long)]
    print: bool,
    /// Where the CRM sends the browser back to, as it is registered there. Default: the document's
    /// `auth.redirectUri`, else a free port of this machine. At an address of this machine the command waits, and
    /// port 0 takes a free one; the address of any other page has to be pasted.
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<Url>,
    #[command(flatten)]
    egress: egress::Arguments,
}

/// What a sign-in works with.
struct SignIn<'a> {
    config: &'a CompiledDocument,
    who_am_i: &'a Operation,
    /// Template variables.
    variables: Map<String, Value>,
    client: Client,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let document = subject::load_document(&arguments.config)?;
    let (config, shown) = (&document.config, arguments.config.display());
    if config.auth_type != AuthType::OAuth {
        return Err(CliError(format!(
            "{shown} signs in with an API key (`auth.type`), so there is no page to sign in at; write the key \
             into a file: {{\"accessToken\": \"KEY\"}}, and give it to `call` with --user"
        )));
    }
    let who_am_i = config.operation(OperationName::GET_USER_INFO).ok_or_else(|| {
        format!("{shown} has no operation getUserInfo: it says who signed in, and nobody can without it")
    })?;
    let file = arguments.user.clone().unwrap_or_else(|| default_file(&arguments.config));
    // Before the browser opens: what is in the way now would be in the way then.
    let mut user = if file.exists() { subject::object(&file)? } else { Map::new() };
    let mut variables = match &arguments.input {
        Some(path) => subject::object(path)?,
        None => Map::new(),
    };
    if let Some(hostname) = &arguments.hostname {
        variables.insert("hostname".into(), hostname.as_str().into());
    }
    if let Some(platform) = &config.name {
        variables.entry("platform").or_insert_with(|| platform.as_str().into());
    }
    if let Some(secret) = &config.secret_key {
        variables.insert("secretKey".into(), secret.expose().into());
    }
    runtime()?.block_on(async {
        let sign_in = SignIn { config, who_am_i, variables, client: arguments.egress.client()? };
        let outcome = sign_in.through(arguments, &mut user).await?;
        let name = match outcome {
            Ok(name) => name,
            Err(reason) => {
                print::error(&format!("not signed in: {reason}"));
                return Ok(FOUND);
            }
        };
        user_file::write(&file, &user)?;
        print::line(&format!("signed in as {name}"));
        finished(&arguments.config, &file, &user);
        Ok(0)
    })
}

impl SignIn<'_> {
    /// From nothing to tokens and a user. The inner error is what the CRM says against it.
    async fn through(
        &self,
        arguments: &Arguments,
        user: &mut Map<String, Value>,
    ) -> Result<Result<String, String>, CliError> {
        let inputs = Inputs::from_object(&self.variables);
        if self.config.oauth.grant.takes_form() {
            let granted = self.by_form(&inputs).await;
            return Ok(match granted {
                Ok(granted) => self.user_of(granted, user).await,
                Err(refused) => Err(refused),
            });
        }
        let place = Place::of(arguments.redirect_uri.as_ref(), self.config.oauth.redirect_uri.as_deref())?;
        let mut waiting = Waiting::begin(place).await?;
        let mut oauth = self.config.oauth.clone();
        oauth.redirect_uri = Some(waiting.redirect_uri().to_owned());
        let state = random_hex::<16>()?;
        // Harmless where a CRM does not know it, unless the document says so (RFC 9700, section 2.1.1).
        let verifier = match oauth.pkce {
            Some(false) => None,
            _ => Some(pkce::verifier().ok_or("the system gives no random numbers")?),
        };
        let challenge = verifier.as_ref().map(pkce::challenge);
        let page = oauth
            .authorization_url(&inputs, &state, challenge.as_deref())
            .map_err(|error| format!("{}: {error}{}", arguments.config.display(), self.hostname_hint()))?;
        show(&page, &waiting, arguments.print);
        let code = match waiting.code(&state).await? {
            Ok(code) => code,
            Err(refused) => return Ok(Err(refused)),
        };
        let outcome = match self.by_code(&oauth, &code, verifier.as_ref(), &inputs).await {
            Ok(granted) => self.user_of(granted, user).await,
            Err(refused) => Err(refused),
        };
        waiting.tell(&outcome).await;
        Ok(outcome)
    }

    /// What is missing, if the address of the page is made from a host that nobody named.
    fn hostname_hint(&self) -> &'static str {
        let page = self.config.oauth.authorization_url.as_ref();
        let takes_host = page.is_some_and(|page| page.is_templated() && page.as_str().contains("hostname"));
        match takes_host && !self.variables.contains_key("hostname") {
            true => "; name the CRM's host with --hostname",
            false => "",
        }
    }

    async fn by_code(
        &self,
        oauth: &OAuth,
        code: &Secret,
        verifier: Option<&Secret>,
        inputs: &Inputs<'_>,
    ) -> Result<Granted, String> {
        let redirect_uri = oauth.redirect_uri.as_deref().unwrap_or_default();
        let grant = Grant::Code { code: code.expose(), redirect_uri, verifier };
        exchange(&self.client, oauth, &grant, inputs)
            .await
            .map_err(|refusal| format!("the code got no tokens: {refusal}"))
    }

    async fn by_form(&self, inputs: &Inputs<'_>) -> Result<Granted, String> {
        let fields = self.variables.get("additionalInfo").and_then(Value::as_object);
        let api_key = self.variables.get("apiKey").and_then(Value::as_str).map(Secret::new);
        let form = FormGrant::new(self.config.oauth.grant, fields, api_key.as_ref());
        exchange(&self.client, &self.config.oauth, &form.grant(), inputs)
            .await
            .map_err(|refusal| format!("there are no tokens: {refusal}"))
    }

    /// Asks the CRM whose tokens these are; gives the name.
    async fn user_of(&self, granted: Granted, user: &mut Map<String, Value>) -> Result<String, String> {
        if let Some(warning) = granted.warning {
            print::error(warning);
        }
        let mut variables = self.variables.clone();
        variables.insert("apiKey".into(), granted.access_token.expose().into());
        complete(self.config, self.who_am_i.name, &mut variables, false);
        let asked = connector::exchange(&self.client, self.who_am_i, &Inputs::from_object(&variables)).await;
        let (who, problems) = asked
            .map_err(|failure| format!("getUserInfo failed ({}): {failure}", failure.kind.as_str()))?
            .mapped
            .map_err(|error| format!("getUserInfo is not mapped: {error}"))?;
        for problem in &problems {
            print::error(&format!("{problem}"));
        }
        let id = who.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = id.ok_or("getUserInfo gave no id, so nobody knows who signed in")?.to_owned();
        // Those of another sign-in are no longer good.
        user.shift_remove("refreshToken");
        user_file::keep(user, &granted);
        let hostname = self.variables.get("hostname").cloned();
        let platform = self.variables.get("platform").cloned();
        for (name, value) in [("hostname", hostname), ("platform", platform)] {
            if let Some(value) = value {
                user.insert(name.into(), value);
            }
        }
        let told = ["id", "name", "timezoneName", "timezoneOffset", "platformAdditionalInfo"];
        for name in told {
            match who.get(name) {
                Some(value) => drop(user.insert(name.into(), value.clone())),
                None => drop(user.shift_remove(name)),
            }
        }
        Ok(match who.get("name").and_then(Value::as_str) {
            Some(name) => format!("{name} ({id})"),
            None => id,
        })
    }
}

/// The document's name with another ending than documents have: a folder of documents takes no user for one.
fn default_file(config: &Path) -> PathBuf {
    PathBuf::from(config.with_extension("user").file_name().unwrap_or_default())
}

/// Shows the address, and opens it in a browser where there is one.
fn show(page: &Url, waiting: &Waiting, only_print: bool) {
    let is_opened = !only_print && has_display() && open::that_detached(page.as_str()).is_ok();
    print::line(match is_opened {
        true => "Sign in on the page that opens in your browser. If none opens, open this address:",
        false => "Open this address in a browser and sign in:",
    });
    print::line(&format!("\n  {page}\n"));
    print::line(&waiting.explained());
}

/// Whether a browser could show itself: without a screen some start in the terminal, and take it over.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].into_iter().any(is_set)
}

fn finished(config: &Path, file: &Path, user: &Map<String, Value>) {
    let (config, file) = (config.display(), file.display());
    let renewal = match user.contains_key("refreshToken") {
        true => "`call` and `record` renew the access token when it has expired.",
        false => "The CRM gave no refresh token: sign in again when the access token has expired.",
    };
    print::line(&format!(
        "{file} holds the tokens. Only you can read it (mode 0600); keep it out of version control.\n{renewal}\n\
         \nTry next:\n  app-connect call {config} findContact --user {file} --input INPUT"
    ));
}
