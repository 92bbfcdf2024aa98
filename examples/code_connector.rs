//! A code connector: for a CRM where logging one call takes several requests that depend on each
//! other. `cargo run --example code_connector` runs it against the sandbox CRM, offline.
//!
//! The first half is what you write; the second half starts the sandbox and a server with it, signs
//! in over HTTP and logs a call.
#![allow(clippy::print_stdout, reason = "it tells what happens")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use app_connect::connector::prelude::*;
use app_connect::engine::egress::EgressPolicy;
use app_connect::sandbox::{self, Sandbox, SandboxOptions};
use app_connect::server::{ServerBuilder, Settings};

/// The platform name: part of every sign-in.
pub const PLATFORM: &str = "sandboxCode";

/// The sandbox CRM, spoken to in Rust. Cheap to clone: functions composed over it keep a copy.
#[derive(Clone)]
pub struct SandboxCrm {
    api: Url,
}

#[async_trait]
impl Connector for SandboxCrm {
    /// Only what is listed here is ever called, and `GET /implementedInterfaces` shows it.
    fn interfaces(&self) -> Vec<Interface> {
        vec![
            Interface::GET_AUTH_TYPE,
            Interface::GET_LOG_FORMAT_TYPE,
            Interface::GET_USER_INFO,
            Interface::FIND_CONTACT,
            Interface::CREATE_CALL_LOG,
            Interface::GET_CALL_LOG,
        ]
    }

    async fn get_auth_type(&self, _call: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Ok(Reply::new(AuthType::ApiKey))
    }

    async fn get_log_format_type(&self, _call: &Call<'_>) -> Result<Reply<LogFormat>, CallError> {
        Ok(Reply::new(LogFormat::Plain))
    }

    async fn get_user_info(
        &self,
        call: &Call<'_>,
        _: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        // A failure that the user can mend is worded here; `?` leaves every other one to the server.
        let me = match self.fetch(call, &["me"], &[]).await {
            Err(CallError::Failed(failure)) if failure.status() == Some(401) => {
                return Err(ReturnMessage::warning("The CRM does not know this API key.", 5000).into());
            }
            other => other?,
        };
        let mut user = UserInfo::new(text(&me, "id")?);
        user.name = me.get("name").cloned();
        user.timezone_name = me["time_zone"].as_str().map(str::to_owned);
        user.platform_additional_info.insert("role".to_owned(), me["role"].clone());
        Ok(Reply::new(user))
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        self.contacts(call, "phone", &input.phone_number).await
    }

    /// Looks up the contact and the appointment that the call may belong to, creates the activity,
    /// then sets its outcome.
    async fn create_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateCallLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        let contact = self.contact(call, text(&input.contact_info, "id")?).await?;
        let appointment = self.appointment(call, &contact, input).await?;
        let activity = self.create_activity(call, &contact, appointment.as_ref(), input).await?;
        let log_id = text(&activity, "id")?.to_owned();
        let outcome = input.request.pointer("/additionalSubmission/disposition").and_then(Value::as_str);
        let logged = Reply::new(CreatedLog { log_id: Some(log_id.clone()) });
        let Some(outcome) = outcome else { return Ok(logged) };
        // From here on the call is logged. An error would say that it is not, and be tried again.
        Ok(match self.set_disposition(call, &log_id, outcome).await {
            Ok(()) => logged.with_message(ReturnMessage::success(format!("Call logged as {outcome}"), 2000)),
            Err(error) => logged.with_message(
                ReturnMessage::warning("Call logged, but its outcome could not be set", 5000)
                    .detail(format!("{error}. Set it in the CRM.")),
            ),
        })
    }

    async fn get_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::GetCallLog,
    ) -> Result<Reply<CallLogInfo>, CallError> {
        let activity = self.fetch(call, &["activities", &input.log_id], &[]).await?;
        Ok(Reply::new(CallLogInfo {
            subject: activity.get("subject").cloned(),
            note: activity.get("note").cloned(),
            full_body: activity.get("description").cloned(),
            id: None,
            text: RecordText::Found,
            full_log_response: activity,
        }))
    }
}

/// One interface of the platform, over the connector: a search that takes names and, as people paste them
/// too, phone numbers.
pub struct SearchByNameOrNumber(pub SandboxCrm);

#[async_trait]
impl Connector for SearchByNameOrNumber {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::FIND_CONTACT_WITH_NAME]
    }

    async fn find_contact_with_name(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let wanted = input.name.as_deref().unwrap_or_default().trim();
        if wanted.starts_with('+') && wanted.chars().any(|character| character.is_ascii_digit()) {
            let phone_number = wanted.to_owned();
            let input =
                inputs::FindContact { phone_number, overriding_format: None, is_extension: false.into() };
            return self.0.find_contact(call, &input).await;
        }
        self.0.contacts(call, "q", wanted).await
    }
}

impl SandboxCrm {
    /// The CRM at this address.
    pub fn new(api: Url) -> Self {
        Self { api }
    }

    async fn fetch(
        &self,
        call: &Call<'_>,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, CallError> {
        let mut request = RequestSpec::get(self.api.clone())
            .path(path.iter().copied())?
            .authorization(call.credential()?)?;
        for (name, value) in query {
            request = request.query(name, value);
        }
        Ok(call.send(&request).await?.body().clone())
    }

    async fn contacts(
        &self,
        call: &Call<'_>,
        by: &str,
        value: &str,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let found = self.fetch(call, &["contacts"], &[(by, value), ("limit", "100")]).await?;
        let contact = |row: &Value| {
            let mut contact = Contact::new(row["id"].clone(), row["name"].clone());
            contact.phone = row.pointer("/phones/0").cloned();
            contact.contact_type = row["type"].clone();
            contact
        };
        Ok(Reply::new(list(&found, "contacts")?.iter().map(contact).collect()))
    }

    async fn contact(&self, call: &Call<'_>, id: &str) -> Result<Value, CallError> {
        match self.fetch(call, &["contacts", id], &[]).await {
            Err(CallError::Failed(failure)) if failure.status() == Some(404) => {
                Err(ReturnMessage::warning("The contact is no longer in the CRM", 5000)
                    .detail("Search for the contact again, then log the call.")
                    .into())
            }
            other => other,
        }
    }

    /// The contact's appointment during which the call began.
    async fn appointment(
        &self,
        call: &Call<'_>,
        contact: &Value,
        input: &inputs::CreateCallLog,
    ) -> Result<Option<Value>, CallError> {
        let (Some(start), Some(end)) = (&input.start_time, &input.end_time) else { return Ok(None) };
        let query = [("contact_id", text(contact, "id")?), ("from", start.as_str()), ("to", end.as_str())];
        let found = self.fetch(call, &["appointments"], &query).await?;
        Ok(list(&found, "appointments")?.first().cloned())
    }

    /// Creates the activity once, however often it is asked to: a repeated request carries the same
    /// `Idempotency-Key`, and the CRM answers it with the record of the first.
    async fn create_activity(
        &self,
        call: &Call<'_>,
        contact: &Value,
        appointment: Option<&Value>,
        input: &inputs::CreateCallLog,
    ) -> Result<Value, CallError> {
        let session = text(&input.call_log, "sessionId")?;
        let mut lines = vec![input.composed_log_details.trim_end().to_owned()];
        if let Some(company) = contact["company"].as_str() {
            lines.push(format!("Company: {company}"));
        }
        if let Some(title) = appointment.and_then(|appointment| appointment["title"].as_str()) {
            lines.push(format!("During: {title}"));
        }
        let request = RequestSpec::post(self.api.clone())
            .path(["activities"])?
            .authorization(call.credential()?)?
            .header("idempotency-key", &format!("call-{session}"))?
            .json(&json!({
                "contact_id": contact["id"],
                "owner_id": call.crm_user_id(),
                "type": "call",
                "subject": input.subject,
                "description": lines.join("\n"),
                "note": input.request.get("note"),
                "direction": input.call_log["direction"].as_str().map(str::to_lowercase),
                "started_at": input.start_time,
                "ended_at": input.end_time,
                "duration_seconds": input.call_log.get("duration"),
                "external_id": session,
            }));
        let response = match call.send(&request).await {
            // Nobody knows whether these were carried out; asking again is safe.
            Err(failure) if matches!(failure.kind, FailureKind::Reset | FailureKind::Timeout) => {
                call.send(&request).await?
            }
            other => other?,
        };
        Ok(response.body().clone())
    }

    async fn set_disposition(&self, call: &Call<'_>, log_id: &str, outcome: &str) -> Result<(), CallError> {
        let request = RequestSpec::put(self.api.clone())
            .path(["activities", log_id, "disposition"])?
            .authorization(call.credential()?)?
            .json(&json!({"disposition": outcome}));
        call.send(&request).await?;
        Ok(())
    }
}

/// A member that has to be there.
fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, CallError> {
    value[name].as_str().ok_or_else(|| missing(name))
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, CallError> {
    value[name].as_array().ok_or_else(|| missing(name))
}

fn missing(name: &str) -> CallError {
    ReturnMessage::warning(format!("The CRM or the client left out `{name}`"), 5000).into()
}

// What follows runs the connector.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("code-connector-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

/// Starts the sandbox CRM and a server with the connector, walks through a call, stops both.
async fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let sandbox = sandbox::start(SandboxOptions::default()).await?;
    let server = server(folder, &sandbox)?.start().await?;
    let origin = format!("http://{}", server.address());
    let outcome = tour(&origin, &sandbox, &mut |line| println!("{line}")).await;
    server.stop().await?;
    sandbox.stop().await;
    outcome.map(drop)
}

/// A server with the connector, its store in a folder.
pub fn server(folder: &Path, sandbox: &Sandbox) -> Result<ServerBuilder, Box<dyn Error>> {
    let crm = SandboxCrm::new(format!("{}/api/v1", sandbox.base_url()).parse()?);
    // A real program reads its secret from the environment; the sandbox is on a loopback address,
    // which the egress guard refuses unless it is named.
    let secret = Secret::new("a secret of the example only, never of a real server");
    let trusted = HostPattern::parse(&sandbox.address().to_string())?;
    let settings = Settings {
        egress: EgressPolicy::PublicOnly { allowed: Arc::from([trusted]) },
        workers: Some(1),
        ..Settings::new(secret, format!("sled:{}", folder.join("store").display()))
    };
    Ok(ServerBuilder::new(settings)
        .connector(PLATFORM, crm.clone())
        .overriding(PLATFORM, SearchByNameOrNumber(crm)))
}

/// What a client of the server saw.
#[derive(Debug)]
pub struct Seen {
    /// `GET /custom/contact/search` by name.
    pub found: Value,
    /// `POST /callLog`.
    pub logged: Value,
    /// `GET /callLog` with details.
    pub read: Value,
}

/// Signs in, finds a contact, logs a call during an appointment with it and reads the call back.
pub async fn tour(
    origin: &str,
    sandbox: &Sandbox,
    say: &mut dyn FnMut(String),
) -> Result<Seen, Box<dyn Error>> {
    let client = Client { http: reqwest::Client::builder().no_proxy().build()?, origin };
    let login = json!({"platform": PLATFORM, "apiKey": sandbox::API_KEY});
    let signed_in = client.ask("POST", "/apiKeyLogin", "", Some(login)).await?;
    say(format!("signed in as {}", signed_in["name"]));
    let token = signed_in["jwtToken"].as_str().ok_or("there is no session token")?;

    let found = client.ask("GET", "/custom/contact/search?name=wanda", token, None).await?;
    let contact = found.pointer("/contact/0").ok_or("nobody has this name")?;
    say(format!("found {} ({})", contact["name"], contact["id"]));

    let before = sandbox.requests().len();
    let call = json!({
        "logInfo": {
            "sessionId": "example-1", "direction": "Outbound", "startTime": "2026-03-02T09:10:00Z", "duration": 65,
            "from": {"phoneNumber": "+14155550100"}, "to": {"phoneNumber": contact["phone"]},
        },
        "note": "Wants a quote by Friday.",
        "contactId": contact["id"], "contactType": contact["type"], "contactName": contact["name"],
        "additionalSubmission": {"disposition": "Interested"},
    });
    let logged = client.ask("POST", "/callLog", token, Some(call)).await?;
    say(format!("{}: record {}", logged["returnMessage"]["message"], logged["logId"]));
    for request in sandbox.requests().into_iter().skip(before) {
        say(format!("  the CRM received {} {}", request.method, request.path));
    }

    let read = client.ask("GET", "/callLog?sessionIds=example-1&requireDetails=true", token, None).await?;
    say(format!("the CRM holds: {}", read["logs"][0]["logData"]["fullBody"]));
    Ok(Seen { found, logged, read })
}

struct Client<'a> {
    http: reqwest::Client,
    origin: &'a str,
}

impl Client<'_> {
    async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<Value, Box<dyn Error>> {
        let mut request = self.http.request(method.parse()?, format!("{}{path}", self.origin));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status();
        let reply: Value = serde_json::from_slice(&response.bytes().await?)?;
        if !status.is_success() || reply["successful"] == Value::Bool(false) {
            return Err(format!("{method} {path}: {status} {reply}").into());
        }
        Ok(reply)
    }
}
