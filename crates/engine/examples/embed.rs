//! Runs one operation of a document without a server. A CRM of a few lines answers on this machine.
//!
//! ```sh
//! cargo run -p app-connect-engine --example embed
//! ```

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use app_connect_engine::app_connect::TypedOperation;
use app_connect_engine::app_connect::find_contact::FindContact;
use app_connect_engine::egress::EgressPolicy;
use app_connect_engine::error_mapping::{Judged, judge};
use app_connect_engine::exchange::HostPattern;
use app_connect_engine::inputs::Inputs;
use app_connect_engine::send::{Client, ClientOptions};
use app_connect_engine::{load, render, send};
use serde_json::json;

/// Answers every request with two contacts; gives its origin.
fn crm() -> Result<String, Box<dyn Error>> {
    const CONTACTS: &str = r#"{"contacts": [
        {"id": 1, "first": "Ada", "last": "Lovelace", "phone": "+14155550100"},
        {"id": 2, "first": "Charles", "last": "Babbage", "phone": "+14155550100"}
    ]}"#;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let origin = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]);
            println!("the CRM was asked: {}", request.lines().next().unwrap_or_default());
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{CONTACTS}", CONTACTS.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Ok(origin)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let origin = crm()?;
    let document = json!({
        "requestDefaults": {"baseUrl": origin},
        "operations": {"findContact": {
            "url": "/contacts",
            "query": {"phone": "{{phoneNumber}}"},
            "responseMapping": {
                "listPath": "body.contacts",
                "item": {"idPath": "id", "name": "{{first}} {{last}}", "phonePath": "phone"}
            }
        }}
    });

    let loaded = load::load("embedded", &document.to_string(), &|_| None);
    let Some(document) = loaded.config else {
        return Err(format!("the document does not run: {:?}", loaded.findings.diagnostics).into());
    };
    let find_contact = TypedOperation::<FindContact>::of(&document).ok_or("there is no findContact")?;
    let operation = find_contact.operation();

    let variables = json!({"phoneNumber": "+14155550100", "authHeader": "Bearer a-token"});
    let inputs = Inputs::from_object(variables.as_object().ok_or("variables are an object")?);
    let request = render(operation, &inputs)?;

    // Without this, no request reaches a private address.
    let host = HostPattern::parse(origin.trim_start_matches("http://"))?;
    let egress = EgressPolicy::PublicOnly { allowed: Arc::from([host]) };
    let client = Client::new(&ClientOptions { egress, ..ClientOptions::default() })?;
    let answer = send(&client, &request).await;

    match judge(operation, answer, "a CRM", &[]) {
        Judged::Reply(reply) => {
            let (contacts, problems) = find_contact.map(&reply, &inputs)?;
            for contact in &contacts {
                println!("found {}", json!(contact));
            }
            println!("{} mapping problems", problems.len());
        }
        Judged::NoMatch(_) => println!("nothing found"),
        Judged::Failed(failure) => return Err(failure.to_string().into()),
    }
    Ok(())
}
