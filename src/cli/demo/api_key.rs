//! A phone call with an API key: signed in, found, logged, read back.

use serde_json::{Value, json};

use super::tour::{Tour, text};
use crate::cli::{CliError, print};
use crate::sandbox::API_KEY;

pub(super) async fn walk(tour: &Tour<'_>) -> Result<(), CliError> {
    tour.title("1. Sign in with an API key");
    let login = json!({"platform": "sandbox", "proxyId": "sandbox", "apiKey": API_KEY});
    let signed_in = tour.exchange("POST", "/apiKeyLogin", None, Some(&login)).await?;
    let token = text(&signed_in, "/jwtToken")?;

    tour.title("2. A call comes in: who is it?");
    let found = tour.exchange("GET", "/contact?phoneNumber=%2B14155550101", Some(&token), None).await?;
    let contact = found.pointer("/contact/0").cloned().ok_or("no contact has the number")?;

    tour.title("3. The call is over: log it");
    let call = ended_call(&contact);
    let logged = tour.exchange("POST", "/callLog", Some(&token), Some(&call)).await?;
    let log_id = text(&logged, "/logId")?;

    tour.title("4. Read it back from the CRM");
    let path = "/callLog?sessionIds=demo-session&requireDetails=true";
    let read = tour.exchange("GET", path, Some(&token), None).await?;
    if text(&read, "/logs/0/logId")? != log_id {
        return Err(CliError("the record that was read is not the one that was logged".to_owned()));
    }
    let body = read.pointer("/logs/0/logData/fullBody").map(Value::to_string).unwrap_or_default();
    if !body.contains("Asked for a quote by Friday.") {
        return Err(CliError("the record does not hold the note".to_owned()));
    }
    print::line(&format!(
        "\nThe call is record {log_id} in the CRM, and holds the note. No connector code was written."
    ));
    Ok(())
}

/// What a client sends after a call with a contact.
pub(super) fn ended_call(contact: &Value) -> Value {
    json!({
        "logInfo": {
            "id": "demo-call", "sessionId": "demo-session", "telephonySessionId": "demo-session",
            "direction": "Inbound", "startTime": 1_700_000_000_000_i64, "duration": 65, "result": "Call connected",
            "from": {"phoneNumber": "+14155550101"}, "to": {"phoneNumber": "+14155550100"},
        },
        "note": "Asked for a quote by Friday.",
        "contactId": contact["id"], "contactType": contact["type"], "contactName": contact["name"],
    })
}
