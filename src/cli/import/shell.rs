//! A shell's words, as far as copied curl commands need them.

/// The words of a command line. A command that follows by `|`, `;`, `&&` or a redirection is left out.
///
/// # Errors
/// What cannot be read, and what to do.
pub(super) fn words(text: &str) -> Result<Vec<String>, String> {
    if text.lines().any(|line| line.trim_end().ends_with('^')) {
        return Err(
            "this is a command for the Windows command prompt (lines end in `^`); copy it as cURL (bash)"
                .to_owned(),
        );
    }
    let plain = without_ansi_quotes(&text.replace("\r\n", "\n"))?;
    let words = shlex::split(&plain)
        .ok_or("a quote is not closed, or a backslash ends the text; copy the whole command")?;
    let ends = |word: &String| matches!(word.as_str(), "|" | ";" | "&&" | "||" | "&" | ">" | ">>" | "<");
    Ok(words.into_iter().take_while(|word| !ends(word)).collect())
}

/// Writes `$'…'`, which browsers copy, as a plain quoted text.
fn without_ansi_quotes(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '$') if letters.peek() == Some(&'\'') => {
                letters.next();
                let inner = ansi_quoted(&mut letters)?;
                plain.push_str(&format!("'{}'", inner.replace('\'', r"'\''")));
                continue;
            }
            // A line that goes on: for shlex this would be a word of its own.
            (None, '\\') if letters.peek() == Some(&'\n') => {
                plain.push(' ');
                continue;
            }
            (None | Some('"'), '\\') => {
                plain.push(letter);
                plain.extend(letters.next());
                continue;
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        plain.push(letter);
    }
    Ok(plain)
}

/// The text behind `$'` up to its closing quote, escapes undone.
fn ansi_quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    // Halves of a surrogate pair come one after the other.
    let mut high: Option<u32> = None;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => return Ok(text),
            '\\' => {
                let code = match letters.next().unwrap_or('\\') {
                    'n' => 0x0a,
                    't' => 0x09,
                    'r' => 0x0d,
                    'b' => 0x08,
                    'f' => 0x0c,
                    'v' => 0x0b,
                    'a' => 0x07,
                    'e' | 'E' => 0x1b,
                    'x' => number(letters, 2, 16),
                    'u' => number(letters, 4, 16),
                    'U' => number(letters, 8, 16),
                    other => u32::from(other),
                };
                match (high.take(), code) {
                    (_, 0xd800..=0xdbff) => high = Some(code),
                    (Some(high), 0xdc00..=0xdfff) => {
                        let pair = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
                        text.extend(char::from_u32(pair));
                    }
                    (_, code) => text.push(char::from_u32(code).unwrap_or('\u{fffd}')),
                }
            }
            other => text.push(other),
        }
    }
    Err("a quote `$'` is not closed; copy the whole command".to_owned())
}

fn number(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, most: usize, radix: u32) -> u32 {
    let mut value = 0u32;
    for _ in 0..most {
        let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(radix)) else { break };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        letters.next();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, expected) in [
            ("curl -X POST 'https://x/y?a=b&c=d'", &["curl", "-X", "POST", "https://x/y?a=b&c=d"][..]),
            ("curl \\\n  -H \"A: b\" \\\n  x", &["curl", "-H", "A: b", "x"]),
            (r#"curl -d $'{"a":"it\'s \u0021 \ud83d\ude00\n"}'"#, &["curl", "-d", "{\"a\":\"it's ! 😀\n\"}"]),
            (r#"curl -d "a \"b\" $'c'""#, &["curl", "-d", "a \"b\" $'c'"]),
            ("curl x \\\r\n  -s", &["curl", "x", "-s"]),
            ("curl x | jq .", &["curl", "x"]),
            ("curl 'a|b' > out.json", &["curl", "a|b"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        for (text, word) in [("curl 'x", "quote"), ("curl $'x", "quote"), ("curl ^\n -d x", "Windows")] {
            assert!(words(text).unwrap_err().contains(word), "{text}");
        }
    }
}
