//! The placeholders of the recordings: what is filled in before something is sent, and what a
//! recorded text stands for when something is compared.
use super::recording::{Recording, Token};
use super::scripted_crm::ScriptedCrm;
use indexmap::IndexMap;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a session token lives, in seconds.
const SESSION: i64 = 14 * 24 * 60 * 60;
/// How far our clock may be from the server's reading of it, in seconds.
const CLOCK: i64 = 300;

/// What the placeholders of one replay stand for.
#[derive(Debug, Clone)]
pub struct Bindings {
    /// Origin by `target`.
    origins: IndexMap<String, String>,
    closed: String,
    /// Captured variables and minted tokens.
    pub variables: IndexMap<String, String>,
    /// `APP_SERVER_SECRET_KEY`.
    secret: String,
}

impl Bindings {
    /// Bindings at the start of a replay: the CRM's addresses and the recording's own tokens.
    pub fn new(recording: &Recording, crm: &ScriptedCrm) -> Self {
        let secret = recording.environment["APP_SERVER_SECRET_KEY"].clone();
        let tokens = recording.tokens.iter();
        Self {
            origins: super::scripted_crm::TARGETS
                .iter()
                .map(|target| ((*target).to_owned(), crm.origin(target)))
                .collect(),
            closed: crm.closed_origin(),
            variables: tokens.map(|(name, token)| (name.clone(), mint(token, &secret))).collect(),
            secret,
        }
    }

    /// Fills in addresses; `target` says which listener `@@CRM_HOST@@` is.
    pub fn fill_addresses(&self, text: &str, target: &str) -> String {
        let host = self.origins[target].trim_start_matches("http://");
        text.replace("@@CRM@@", &self.origins["crm"])
            .replace("@@CRM_HOST@@", host)
            .replace("@@CLOSED@@", &self.closed)
    }

    /// Fills in addresses and variables. A variable that no step gave stays as it is written, so
    /// the server sees a bad token rather than none.
    pub fn fill(&self, text: &str) -> String {
        let text = self.fill_addresses(text, "crm");
        self.variables.iter().fold(text, |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
    }

    /// [`Bindings::fill`] on every text of a JSON value, keys included.
    pub fn fill_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_json(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (self.fill(key), self.fill_json(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// A matcher for the texts of one message.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher { secret: &self.secret, boundary: RefCell::default() }
    }

    /// A session token as the server gives it.
    pub fn session_token(&self, id: &str, platform: &str) -> String {
        let claims = [("id", id), ("platform", platform)];
        mint(
            &Token {
                signed_with: None,
                claims: claims.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect(),
                expires_in_seconds: Some(SESSION),
            },
            &self.secret,
        )
    }
}

/// Names of `${variables}` in a text.
pub fn variables_in(text: &str) -> Vec<String> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn mint(token: &Token, secret: &str) -> String {
    let now = now_seconds();
    let mut claims = token.claims.clone();
    claims.insert("iat".to_owned(), json!(now));
    if let Some(seconds) = token.expires_in_seconds {
        claims.insert("exp".to_owned(), json!(now + seconds));
    }
    let secret = token.signed_with.as_deref().unwrap_or(secret);
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).expect("HS256 signs")
}

fn now_seconds() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(elapsed.as_secs()).expect("a clock before the year 292 billion")
}

/// Compares recorded text with text that arrived. One matcher serves one message: a boundary is
/// the same in its header and in its body.
pub struct Matcher<'a> {
    secret: &'a str,
    boundary: RefCell<Option<String>>,
}

impl Matcher<'_> {
    /// `Err` says what differs, in words.
    pub fn matches(&self, recorded: &str, got: &str) -> Result<(), String> {
        let mut rest = got;
        for piece in pieces(recorded) {
            rest = match piece {
                Piece::Literal(text) => rest.strip_prefix(text).ok_or_else(|| "text differs".to_owned())?,
                Piece::Placeholder(name) => {
                    let length = self.length_of(name, rest)?;
                    &rest[length..]
                }
            };
        }
        if rest.is_empty() { Ok(()) } else { Err("text goes on".to_owned()) }
    }

    /// How much of `rest` the placeholder stands for.
    fn length_of(&self, placeholder: &str, rest: &str) -> Result<usize, String> {
        let run = |allowed: fn(char) -> bool| rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        if let Some((id, platform)) = jwt_claims(placeholder) {
            let length = run(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
            return self.check_token(&rest[..length], id, platform).map(|()| length);
        }
        let (length, fits) = match placeholder {
            "<now>" => {
                let length = run(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z'));
                (length, is_near_now(&rest[..length]))
            }
            "<uuid>" => {
                let length = run(|c| c.is_ascii_hexdigit() || c == '-').min(36);
                let dashes = rest[..length].match_indices('-').map(|(at, _)| at);
                (length, length == 36 && dashes.eq([8, 13, 18, 23]))
            }
            "<hex32>" => {
                let length = run(|c| c.is_ascii_hexdigit());
                (length, length == 32)
            }
            "<boundary>" => {
                let mut known = self.boundary.borrow_mut();
                let known = known.get_or_insert_with(|| {
                    rest[..run(|c| c.is_ascii_alphanumeric() || "'()+_,-./:=?".contains(c))].to_owned()
                });
                (known.len(), !known.is_empty() && rest.starts_with(known.as_str()))
            }
            "<debug>" => (rest.trim_end_matches(['}', '"']).len(), true),
            "<any>" => (rest.len(), true),
            unknown => unreachable!("{unknown} is no placeholder"),
        };
        if fits { Ok(length) } else { Err(format!("{placeholder} does not fit here")) }
    }

    /// A token signed with our secret, with these claims and a session's life ahead of it.
    fn check_token(&self, token: &str, id: &str, platform: &str) -> Result<(), String> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims = HashSet::new();
        let key = DecodingKey::from_secret(self.secret.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation)
            .map_err(|error| format!("not a session token of ours: {error}"))?
            .claims;
        for (name, recorded) in [("id", id), ("platform", platform)] {
            if claims[name] != recorded {
                return Err(format!("claim {name} is {}, recorded {recorded:?}", claims[name]));
            }
        }
        let ahead = claims["exp"].as_i64().map(|exp| exp - now_seconds());
        match ahead {
            Some(ahead) if (ahead - SESSION).abs() <= CLOCK => Ok(()),
            _ => Err(format!("exp is {ahead:?} seconds ahead, not {SESSION}")),
        }
    }
}

/// An ISO timestamp within two days of now: start of a step, or the expiry of what it made.
fn is_near_now(text: &str) -> bool {
    let Ok(timestamp) = text.parse::<jiff::Timestamp>() else {
        return false;
    };
    (timestamp.as_second() - now_seconds()).abs() < 2 * 24 * 60 * 60
}

enum Piece<'a> {
    Literal(&'a str),
    Placeholder(&'a str),
}

fn pieces(recorded: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(open) = recorded[at..].find('<').map(|found| at + found) {
        let close = recorded[open..].find('>').map(|found| open + found + 1);
        let candidate = close.map(|close| &recorded[open..close]);
        match candidate.filter(|candidate| is_placeholder(candidate)) {
            Some(placeholder) => {
                pieces.push(Piece::Literal(&recorded[literal..open]));
                pieces.push(Piece::Placeholder(placeholder));
                at = open + placeholder.len();
                literal = at;
            }
            None => at = open + 1,
        }
    }
    pieces.push(Piece::Literal(&recorded[literal..]));
    pieces
}

fn is_placeholder(text: &str) -> bool {
    matches!(text, "<now>" | "<uuid>" | "<hex32>" | "<boundary>" | "<debug>" | "<any>")
        || jwt_claims(text).is_some()
}

fn jwt_claims(placeholder: &str) -> Option<(&str, &str)> {
    placeholder.strip_prefix("<jwt id=")?.strip_suffix('>')?.split_once(" platform=")
}

/// Whether a recorded text has placeholders whose length is not known beforehand.
pub fn is_open(recorded: &str) -> bool {
    pieces(recorded).iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
}

/// Replaces each placeholder of a recorded text by something that it stands for.
pub fn make_concrete(recorded: &str, bindings: &Bindings) -> String {
    let concrete = |piece| match piece {
        Piece::Literal(text) => text.to_owned(),
        Piece::Placeholder("<now>") => jiff::Timestamp::now().strftime("%FT%T.%3fZ").to_string(),
        Piece::Placeholder("<uuid>") => "3f0e8a52-1111-4222-8333-444455556666".to_owned(),
        Piece::Placeholder("<hex32>") => "0123456789abcdef".repeat(2),
        Piece::Placeholder("<boundary>") => "axios-1.21.1-boundary".to_owned(),
        Piece::Placeholder(other) => match jwt_claims(other) {
            Some((id, platform)) => bindings.session_token(id, platform),
            None => "anything".to_owned(),
        },
    };
    pieces(recorded).into_iter().map(concrete).collect()
}
