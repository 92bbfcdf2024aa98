//! What a CRM's sign-in page sends a browser back with (RFC 6749, section 4.1.2).

use subtle::ConstantTimeEq as _;
use url::{Url, form_urlencoded};

use crate::engine::oauth::refused_in_words;
use crate::engine::text::one_line;
use crate::secret::Secret;

/// So long are the words of a page at most, in characters.
const LONGEST_WORDS: usize = 300;

/// What came back belongs to no sign-in that waits here, or is no answer at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Foreign(pub(super) &'static str);

/// The code, or why there is none, in words.
pub(super) type Returned = Result<Secret, String>;

/// Reads an address that somebody pasted: all of it, or what follows the question mark.
pub(super) fn pasted(text: &str, state: &str) -> Result<Returned, Foreign> {
    let text = text.trim();
    match Url::parse(text) {
        // Some pages put the answer behind `#`.
        Ok(url) => read(url.query().or(url.fragment()).unwrap_or_default(), state),
        Err(_) => read(text.trim_start_matches(['?', '#']), state),
    }
}

/// Reads the query of the address that a browser was sent to.
pub(super) fn read(query: &str, state: &str) -> Result<Returned, Foreign> {
    let (mut code, mut error, mut description, mut given) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = match name.as_ref() {
            "code" => &mut code,
            "error" => &mut error,
            "error_description" => &mut description,
            "state" => &mut given,
            _ => continue,
        };
        *slot = Some(value.into_owned()).filter(|value| !value.is_empty());
    }
    if code.is_none() && error.is_none() {
        return Err(Foreign("it has neither `code` nor `error`"));
    }
    let is_own = given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(state.as_bytes())));
    if !is_own {
        return Err(Foreign("its `state` is not that of this sign-in"));
    }
    Ok(match (error, code) {
        (None, Some(code)) => Ok(Secret::new(code)),
        (error, _) => {
            let error = error.unwrap_or_default();
            let words = refused_in_words(&error).map(str::to_owned).or(description).unwrap_or(error);
            Err(one_line(&words, LONGEST_WORDS))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_to_this_sign_in_counts() {
        let code = |text: &str| Ok(Ok(Secret::new(text)));
        let refused = |words: &str| Ok(Err(words.to_owned()));
        let denied = "The resource owner or authorization server denied the request.";
        let (other, nothing): (Result<Returned, Foreign>, Result<Returned, Foreign>) = (
            Err(Foreign("its `state` is not that of this sign-in")),
            Err(Foreign("it has neither `code` nor `error`")),
        );
        let table = [
            ("http://127.0.0.1:9/back?code=a%2Fb&state=s-1", code("a/b")),
            ("  https://app.example/page.html?x=1&state=s-1&code=c \n", code("c")),
            ("https://app.example/#code=c&state=s-1", code("c")),
            ("?code=c&state=s-1", code("c")),
            ("code=c&state=s-1", code("c")),
            ("code=c&state=s-2", other.clone()),
            ("code=c", other.clone()),
            ("code=c&state=", other.clone()),
            ("error=access_denied&state=s-1", refused(denied)),
            ("error=odd&error_description=Not%0Atoday&state=s-1", refused("Not today")),
            ("error=odd&state=s-1", refused("odd")),
            ("error=access_denied&code=c&state=s-1", refused(denied)),
            ("error=access_denied&state=s-2", other.clone()),
            ("state=s-1", nothing.clone()),
            ("code=&state=s-1", nothing.clone()),
            ("", nothing.clone()),
        ];
        for (text, expected) in table {
            assert_eq!(pasted(text, "s-1"), expected, "{text}");
        }
    }
}
