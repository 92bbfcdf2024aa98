//! Text of others as people read it: without tags, with the characters that entities stand for.

/// The names of entities that CRMs put into sentences, and what they stand for.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
];

/// The text without tags and entities. What is escaped twice is read twice; a `<` that begins no tag stays.
pub(super) fn plain_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let read = decoded(&without_tags(text));
    if read.contains('&') { decoded(&read) } else { read }
}

/// Elements that end a word or a line.
const BREAKS: &[&str] = &["br", "p", "div", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "h4"];

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        match tag.split_once('>').filter(|_| is_tag) {
            Some((name, after)) => {
                let name = name.trim_start_matches('/');
                let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                if BREAKS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    plain.push(' ');
                }
                rest = after;
            }
            None => {
                plain.push('<');
                rest = tag;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        // The longest name that is known, and a character's number, have fewer letters.
        let end = after.char_indices().take(10).find(|(_, c)| *c == ';').map(|(at, _)| at);
        match end.and_then(|end| Some((character(&after[..end])?, end))) {
            Some((c, end)) => {
                plain.push(c);
                rest = &after[end + 1..];
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let number = hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16));
        return number.ok().and_then(char::from_u32);
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_are_read() {
        for (text, expected) in [
            ("<b>Bad</b> phone &amp; name", "Bad phone & name"),
            ("one<br/>two", "one two"),
            ("Ann&#39;s &#x201c;note&#x201D;", "Ann's “note”"),
            ("&amp;lt;b&amp;gt;", "<b>"),
            ("a < b & c", "a < b & c"),
            ("5 <6", "5 <6"),
            ("&unknown; &#xFFFFFFFF;", "&unknown; &#xFFFFFFFF;"),
            ("<a href=\"https://crm.example.com\">here</a>", "here"),
            ("cut <b", "cut <b"),
            ("&", "&"),
        ] {
            assert_eq!(plain_text(text), expected, "{text}");
        }
    }
}
