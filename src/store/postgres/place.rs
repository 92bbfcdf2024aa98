//! `DATABASE_URL` as connection options, and as a text without its password.

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::store::StoreError;

/// Parameters of the URL that go to the driver. It would log the value of an unknown one, which may
/// be a misspelt password.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// The parameter that is ours: how many connections one process opens at most.
const MAX_CONNECTIONS: &str = "max_connections";
const DEFAULT_CONNECTIONS: u32 = 10;

/// Where the database is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) options: PgConnectOptions,
    pub(super) max_connections: u32,
    shown: String,
    password: Option<String>,
}

impl Place {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let mut url = Url::parse(url).map_err(|error| {
            unusable(
                error.to_string(),
                "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE; a special character in a \
                 password is written as % and two hexadecimal digits",
            )
        })?;
        let mut max_connections = DEFAULT_CONNECTIONS;
        let mut kept = Vec::new();
        for (name, value) in url.query_pairs() {
            if name == MAX_CONNECTIONS {
                max_connections = value.parse().ok().filter(|number| *number > 1).ok_or_else(|| {
                    unusable(
                        format!("{MAX_CONNECTIONS} is not a number above 1"),
                        "Give the number of connections that one server may open",
                    )
                })?;
            } else if PARAMETERS.contains(&&*name) {
                kept.push((name.into_owned(), value.into_owned()));
            } else {
                let shown: String =
                    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
                return Err(unusable(
                    format!("its parameter `{shown}` is unknown"),
                    &format!("Known are {MAX_CONNECTIONS}, {}", PARAMETERS.join(", ")),
                ));
            }
        }
        let password = url
            .password()
            .map(decoded)
            .or_else(|| kept.iter().find(|(name, _)| name == "password").map(|(_, value)| value.clone()));
        if kept.is_empty() {
            url.set_query(None);
        } else {
            url.query_pairs_mut().clear().extend_pairs(&kept);
        }
        let options: PgConnectOptions = url.as_str().parse().map_err(|error: sqlx::Error| {
            let why = without(password.as_deref(), &error.to_string());
            unusable(why, "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")
        })?;
        let shown = format!(
            "postgres://{}:{}/{}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or(options.get_username())
        );
        let options = if options.get_application_name().is_none() {
            options.application_name("app-connect")
        } else {
            options
        };
        // What a statement says is in this folder; what it is given is nobody's business.
        Ok(Self { options: options.disable_statement_logging(), max_connections, shown, password })
    }

    /// The place without user and password.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// A text of the driver or the database, without the password.
    pub(super) fn clean(&self, text: &str) -> String {
        without(self.password.as_deref(), text)
    }
}

fn without(password: Option<&str>, text: &str) -> String {
    match password.filter(|password| !password.is_empty()) {
        Some(password) => text.replace(password, "***"),
        None => text.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn unusable(why: String, mend: &str) -> StoreError {
    StoreError::Unavailable { what: "reading DATABASE_URL".to_owned(), why, mend: mend.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_without_user_and_password() {
        let place = Place::parse("postgres://me:h%40nter2@db.example:5433/app?max_connections=3").unwrap();
        assert_eq!((place.shown(), place.max_connections), ("postgres://db.example:5433/app", 3));
        assert_eq!(place.clean("me:h@nter2 is wrong"), "me:*** is wrong");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for url in [
            "postgres://me:hunter2@db:port/app",
            "postgres://me:hunter2@db/app?pasword=hunter2",
            "postgres://me:hunter2@db/app?sslmode=hunter2",
            "postgres://me:hunter2@db/app?max_connections=1",
        ] {
            let text = Place::parse(url).err().unwrap().to_string();
            assert!(text.starts_with("reading DATABASE_URL failed: "), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
