//! What a curl command line says.

use crate::cli::import::shell;

/// Options without a value that change nothing here.
const FLAGS: &[&str] = &[
    "--silent",
    "--show-error",
    "--location",
    "--location-trusted",
    "--compressed",
    "--insecure",
    "--verbose",
    "--fail",
    "--fail-with-body",
    "--include",
    "--globoff",
    "--http1.0",
    "--http1.1",
    "--http2",
    "--http3",
    "--no-buffer",
    "--ipv4",
    "--ipv6",
    "--progress-bar",
    "--no-progress-meter",
    "--path-as-is",
    "--tlsv1.2",
    "--tlsv1.3",
    "--basic",
    "--anyauth",
    "--remote-name",
    "--no-keepalive",
    "--raw",
    "--ssl-reqd",
];
/// Options whose value changes nothing here.
const IGNORED: &[&str] = &[
    "--output",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--proxy",
    "--cacert",
    "--capath",
    "--user-agent",
    "--referer",
    "--cookie",
    "--cookie-jar",
    "--write-out",
    "--resolve",
    "--interface",
    "--limit-rate",
    "--dump-header",
    "--ciphers",
    "--max-redirs",
    "--proxy-user",
];
/// Short options and their long names.
const SHORT: &[(char, &str)] = &[
    ('X', "--request"),
    ('H', "--header"),
    ('d', "--data"),
    ('F', "--form"),
    ('u', "--user"),
    ('G', "--get"),
    ('I', "--head"),
    ('b', "--cookie"),
    ('A', "--user-agent"),
    ('e', "--referer"),
    ('o', "--output"),
    ('x', "--proxy"),
    ('m', "--max-time"),
    ('w', "--write-out"),
    ('c', "--cookie-jar"),
    ('D', "--dump-header"),
    ('s', "--silent"),
    ('S', "--show-error"),
    ('L', "--location"),
    ('k', "--insecure"),
    ('v', "--verbose"),
    ('f', "--fail"),
    ('i', "--include"),
    ('g', "--globoff"),
    ('N', "--no-buffer"),
    ('4', "--ipv4"),
    ('6', "--ipv6"),
    ('#', "--progress-bar"),
    ('O', "--remote-name"),
    ('0', "--http1.0"),
    ('U', "--proxy-user"),
];
/// A curl command, understood.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// As `-X` gives it.
    pub(super) method: Option<String>,
    /// The address.
    pub(super) url: Option<String>,
    /// Names and values.
    pub(super) headers: Vec<(String, String)>,
    /// What `-d` and its kin give, one after the other.
    pub(super) data: Vec<String>,
    /// What `-F` gives.
    pub(super) fields: Vec<(String, String)>,
    /// Whether the data goes into the query.
    pub(super) get: bool,
    /// Whether the data is given as JSON.
    pub(super) json: bool,
    /// Whether a user and a password are given.
    pub(super) user: bool,
    /// Whether a bearer token is given.
    pub(super) bearer: bool,
}

impl Request {
    /// Reads a command line.
    ///
    /// # Errors
    /// What is not understood, and what to do.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let words = shell::words(text.trim().trim_start_matches("$ "))?;
        let mut words = words.into_iter();
        match words.next() {
            Some(first) if first == "curl" || first.ends_with("/curl") || first == "curl.exe" => {}
            _ => return Err("it does not begin with `curl`".to_owned()),
        }
        let mut request = Self::default();
        while let Some(word) = words.next() {
            if word == "--" {
                continue;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                request.option(&format!("--{name}"), value, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                // Short options may stand together; the rest of the word is the value of the first that takes one.
                let mut rest = &word[1..];
                while let Some(letter) = rest.chars().next() {
                    rest = &rest[letter.len_utf8()..];
                    let long = SHORT.iter().find(|(short, _)| *short == letter).map(|(_, long)| *long);
                    let long = long.ok_or_else(|| unknown(&format!("-{letter}")))?;
                    if FLAGS.contains(&long) || matches!(long, "--get" | "--head") {
                        request.option(long, None, &mut words)?;
                    } else {
                        let value = (!rest.is_empty()).then(|| rest.to_owned());
                        request.option(long, value, &mut words)?;
                        rest = "";
                    }
                }
            } else {
                request.url(word)?;
            }
        }
        Ok(request)
    }

    fn url(&mut self, url: String) -> Result<(), String> {
        if self.url.replace(url).is_some() {
            return Err("it has two addresses; keep one, and put values with spaces into quotes".to_owned());
        }
        Ok(())
    }

    fn option(
        &mut self,
        name: &str,
        value: Option<String>,
        words: &mut dyn Iterator<Item = String>,
    ) -> Result<(), String> {
        match name {
            "--get" => self.get = true,
            "--head" => self.method = Some("HEAD".to_owned()),
            name if FLAGS.contains(&name) => {}
            "--request" | "--url" | "--header" | "--data" | "--data-raw" | "--data-binary"
            | "--data-ascii" | "--data-urlencode" | "--json" | "--form" | "--form-string" | "--user"
            | "--oauth2-bearer" => {
                let value = value.or_else(|| words.next()).ok_or_else(|| format!("{name} has no value"))?;
                return self.valued(name, value);
            }
            name if IGNORED.contains(&name) => {
                value.or_else(|| words.next()).ok_or_else(|| format!("{name} has no value"))?;
            }
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn valued(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "--request" => self.method = Some(value.to_ascii_uppercase()),
            "--url" => self.url(value)?,
            "--header" => {
                if let Some((name, value)) = value.split_once(':') {
                    self.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            "--user" => self.user = true,
            "--oauth2-bearer" => self.bearer = true,
            "--form" | "--form-string" => {
                let (key, value) = value.split_once('=').ok_or("a form field has no `=`")?;
                if name == "--form" && value.starts_with(['@', '<']) {
                    return Err("a form field is read from a file, which an operation cannot send".to_owned());
                }
                self.fields.push((key.to_owned(), value.to_owned()));
            }
            _ => {
                if value.starts_with('@') && name != "--data-raw" {
                    return Err(format!(
                        "{name} reads the body from a file; put the file's text in its place, in single quotes"
                    ));
                }
                self.json |= name == "--json";
                self.data.push(value);
            }
        }
        Ok(())
    }
}

fn unknown(name: &str) -> String {
    format!("its option {name} is not understood; take it out, with its value if it has one")
}
