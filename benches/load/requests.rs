//! The requests of the measured routes, as an App Connect client sends them.

use crate::client::Load;

/// `GET /isAlive`
pub struct IsAlive;

/// `GET /contact`, past the cache: the CRM is asked each time.
pub struct Contact {
    /// Session tokens, taken in turns.
    pub tokens: Vec<String>,
    /// What a good answer holds.
    pub expected: &'static str,
}

/// `POST /callLog`, another call each time.
pub struct CallLog {
    /// Session tokens, taken in turns.
    pub tokens: Vec<String>,
    /// What a good answer holds.
    pub expected: &'static str,
}

fn token(tokens: &[String], number: u64) -> &str {
    let count = u64::try_from(tokens.len()).unwrap_or(1).max(1);
    usize::try_from(number % count).ok().and_then(|at| tokens.get(at)).map_or("", String::as_str)
}

impl Load for IsAlive {
    fn request(&self, _: u64, into: &mut Vec<u8>) {
        into.extend_from_slice(b"GET /isAlive HTTP/1.1\r\nhost: localhost\r\n\r\n");
    }

    fn expected(&self) -> &str {
        "OK"
    }
}

impl Load for Contact {
    fn request(&self, number: u64, into: &mut Vec<u8>) {
        for part in [
            "GET /contact?phoneNumber=%2B14155550123&overridingFormat=&isExtension=false\
             &isForceRefreshAccountData=true HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ",
            token(&self.tokens, number),
            "\r\n\r\n",
        ] {
            into.extend_from_slice(part.as_bytes());
        }
    }

    fn expected(&self) -> &str {
        self.expected
    }
}

impl Load for CallLog {
    fn request(&self, number: u64, into: &mut Vec<u8>) {
        let body = format!(
            r#"{{"logInfo":{{"sessionId":"s-{number}","telephonySessionId":"t-{number}","direction":"Inbound","from":{{"phoneNumber":"+14155550123","name":"Jane Doe"}},"to":{{"phoneNumber":"+14155550100","name":"Support"}},"startTime":1736899200000,"duration":125,"result":"Call connected"}},"note":"Asked about the invoice.","contactId":"con-1","contactName":"Jane Doe","contactType":"Contact","additionalSubmission":null,"aiNote":null,"transcript":null}}"#
        );
        let head = format!(
            "POST /callLog HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\nauthorization: Bearer {}\r\n\r\n",
            body.len(),
            token(&self.tokens, number)
        );
        into.extend_from_slice(head.as_bytes());
        into.extend_from_slice(body.as_bytes());
    }

    fn expected(&self) -> &str {
        self.expected
    }
}
