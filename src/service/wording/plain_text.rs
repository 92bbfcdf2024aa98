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
    // A piece ends where a tag may end, so that no end is searched for twice.
    for piece in text.split_inclusive('>') {
        match tag_in(piece).filter(|_| piece.ends_with('>')) {
            Some(at) => {
                plain.push_str(&piece[..at]);
                let name = piece[at + 1..].trim_start_matches('/');
                let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                if BREAKS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    plain.push(' ');
                }
            }
            None => plain.push_str(piece),
        }
    }
    plain
}

/// Where the first tag begins.
fn tag_in(piece: &str) -> Option<usize> {
    let is_tag = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
    piece.match_indices('<').map(|(at, _)| at).find(|at| piece[at + 1..].starts_with(is_tag))
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
            ("5 < 6 <b>bold</b> > 4", "5 < 6 bold > 4"),
            ("<a<a<a", "<a<a<a"),
            ("<a<a<a>end", "end"),
            ("a > b <", "a > b <"),
            ("&", "&"),
        ] {
            assert_eq!(plain_text(text), expected, "{text}");
        }
    }
    #[test]
    fn tags_that_do_not_end_stay_however_many_they_are() {
        let open = "<a".repeat(4 * 1024 * 1024);
        assert!(plain_text(&open) == open);
    }
}
