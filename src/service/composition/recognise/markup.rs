//! Tags and entities in a text that came back from a CRM, as they are or escaped once more.

/// A tag that is known to HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name in small letters.
    pub name: &'static str,
    pub kind: Kind,
    pub edge: Edge,
    /// How many bytes of the text it takes.
    pub length: usize,
}

/// What a tag does to the text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Begins a line, and ends one.
    Block,
    /// As [`Kind::Block`], and its text is bold.
    Heading,
    /// A block that is an item of a list.
    Item,
    /// Ends a line, and has no end of its own.
    Break,
    /// Bold text.
    Bold,
    /// Bold text where its style says so.
    Styled { is_bold: bool },
    /// Any other text within a line.
    Inline,
}

impl Kind {
    /// Whether a line ends where such a tag stands.
    pub fn ends_line(self) -> bool {
        matches!(self, Self::Block | Self::Heading | Self::Item | Self::Break)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Open,
    Close,
}

const KNOWN: [(&str, Kind); 52] = [
    ("a", Kind::Inline),
    ("article", Kind::Block),
    ("b", Kind::Bold),
    ("big", Kind::Inline),
    ("blockquote", Kind::Block),
    ("body", Kind::Block),
    ("br", Kind::Break),
    ("code", Kind::Inline),
    ("dd", Kind::Block),
    ("del", Kind::Inline),
    ("div", Kind::Block),
    ("dl", Kind::Block),
    ("dt", Kind::Block),
    ("em", Kind::Inline),
    ("font", Kind::Styled { is_bold: false }),
    ("footer", Kind::Block),
    ("h1", Kind::Heading),
    ("h2", Kind::Heading),
    ("h3", Kind::Heading),
    ("h4", Kind::Heading),
    ("h5", Kind::Heading),
    ("h6", Kind::Heading),
    ("head", Kind::Block),
    ("header", Kind::Block),
    ("hr", Kind::Break),
    ("html", Kind::Block),
    ("i", Kind::Inline),
    ("ins", Kind::Inline),
    ("label", Kind::Inline),
    ("li", Kind::Item),
    ("main", Kind::Block),
    ("mark", Kind::Inline),
    ("ol", Kind::Block),
    ("p", Kind::Block),
    ("pre", Kind::Block),
    ("s", Kind::Inline),
    ("section", Kind::Block),
    ("small", Kind::Inline),
    ("span", Kind::Styled { is_bold: false }),
    ("strong", Kind::Bold),
    ("sub", Kind::Inline),
    ("sup", Kind::Inline),
    ("table", Kind::Block),
    ("tbody", Kind::Block),
    ("td", Kind::Inline),
    ("th", Kind::Inline),
    ("thead", Kind::Block),
    ("tr", Kind::Block),
    ("tt", Kind::Inline),
    ("u", Kind::Inline),
    ("ul", Kind::Block),
    ("wbr", Kind::Inline),
];

/// The tag at the start of a text whose tags are escaped up to `layer` times.
pub(super) fn tag(text: &str, layer: u8) -> Option<Tag> {
    let open = bracket(text, layer, '<')?;
    let escaped = open > 1;
    let rest = &text[open..];
    let (edge, name_at) = match rest.strip_prefix('/') {
        Some(_) => (Edge::Close, 1),
        None => (Edge::Open, 0),
    };
    let letters = rest.as_bytes()[name_at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = &rest[name_at..name_at + letters];
    let (name, kind) = KNOWN.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let mut at = name_at + letters;
    let attributes_at = at;
    let bytes = rest.as_bytes();
    if !matches!(bytes.get(at), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n' | b'&')) {
        return None;
    }
    let close = loop {
        match bytes.get(at)? {
            b'>' if !escaped => break 1,
            b'<' => return None,
            b'&' if escaped => {
                if bracket(&rest[at..], layer, '<').is_some() {
                    return None;
                }
                if let Some(length) = bracket(&rest[at..], layer, '>').filter(|length| *length > 1) {
                    break length;
                }
            }
            _ => {}
        }
        at += 1;
    };
    let kind = match kind {
        Kind::Styled { .. } => Kind::Styled { is_bold: is_bold(&rest[attributes_at..at]) },
        kind => kind,
    };
    Some(Tag { name, kind, edge, length: open + at + close })
}

fn is_bold(attributes: &str) -> bool {
    let lower = attributes.to_ascii_lowercase();
    let Some((_, weight)) = lower.split_once("font-weight") else { return false };
    let weight = weight.trim_start_matches([':', ' ']);
    ["bold", "600", "700", "800", "900"].iter().any(|bold| weight.starts_with(bold))
}

/// How long the bracket at the start of the text is: itself, or its entity where it may be escaped.
fn bracket(text: &str, layer: u8, bracket: char) -> Option<usize> {
    if text.starts_with(bracket) {
        return Some(1);
    }
    let mut rest = text.strip_prefix('&')?;
    for _ in 1..layer {
        rest = rest.strip_prefix("amp;").unwrap_or(rest);
    }
    let names: &[&str] = match bracket {
        '<' => &["lt;", "#60;", "#x3c;", "#x3C;"],
        _ => &["gt;", "#62;", "#x3e;", "#x3E;"],
    };
    let name = names.iter().find(|name| layer > 0 && rest.starts_with(**name))?;
    Some(text.len() - rest.len() + name.len())
}

/// The character that an entity at the start of the text stands for, however often its `&` is
/// escaped, and how long it is.
pub(super) fn entity(text: &str) -> Option<(char, usize)> {
    let mut rest = text.strip_prefix('&')?;
    let mut whole = None;
    while let Some(after) = rest.strip_prefix("amp;") {
        whole = Some(('&', text.len() - after.len()));
        rest = after;
    }
    let bounded = rest.as_bytes().iter().take(10).position(|byte| *byte == b';');
    let Some(name) = bounded.and_then(|end| rest.get(..end)) else { return whole };
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
            None => number.parse().ok().and_then(char::from_u32),
        },
        None => None,
    };
    let named = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "bull" => Some('•'),
        "middot" => Some('·'),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "hellip" => Some('…'),
        "lsquo" => Some('‘'),
        "rsquo" => Some('’'),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        "sol" => Some('/'),
        "colon" => Some(':'),
        _ => number,
    };
    named.map(|character| (character, text.len() - rest.len() + name.len() + 1)).or(whole)
}

/// A text with its entities read once.
pub(super) fn unescaped(text: &str) -> String {
    with_entities(text, |rest| match rest.strip_prefix("&amp;") {
        Some(_) => Some(('&', "&amp;".len())),
        None => entity(rest),
    })
}

/// A text with its entities read, however often they are escaped.
pub(super) fn wholly_unescaped(text: &str) -> String {
    with_entities(text, entity)
}

fn with_entities(text: &str, read: impl Fn(&str) -> Option<(char, usize)>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let (character, length) = read(&rest[at..]).unwrap_or(('&', 1));
        plain.push(if character == '\u{a0}' { ' ' } else { character });
        rest = &rest[at + length..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_raw_and_escaped() {
        let read = |text, layer| tag(text, layer).map(|tag| (tag.name, tag.edge, tag.length));
        assert_eq!(read("<B>x", 0), Some(("b", Edge::Open, 3)));
        assert_eq!(read("</li >", 0), Some(("li", Edge::Close, 6)));
        assert_eq!(read("<br/>", 0), Some(("br", Edge::Open, 5)));
        assert_eq!(read("&lt;br&gt;", 0), None);
        assert_eq!(read("&lt;br /&gt;x", 1), Some(("br", Edge::Open, 12)));
        assert_eq!(read("&amp;lt;b&amp;gt;", 1), None);
        assert_eq!(read("&amp;lt;b&amp;gt;", 2), Some(("b", Edge::Open, 17)));
        assert_eq!(read("&#60;b&#62;", 1), Some(("b", Edge::Open, 11)));
        for no_tag in ["<foo>", "<b", "< b>", "<b <i>", "<bc>", "<"] {
            assert_eq!(read(no_tag, 2), None, "{no_tag}");
        }
        let is_bold = |text| matches!(tag(text, 0), Some(Tag { kind: Kind::Styled { is_bold: true }, .. }));
        assert!(is_bold("<span style=\"color:red; font-weight: bold\">"));
        assert!(is_bold("<span style='font-weight:700;'>") && !is_bold("<span style='font-weight:400'>"));
    }

    #[test]
    fn entities_are_read_however_often_they_are_escaped() {
        for (text, expected) in [
            ("&lt;x", Some(('<', 4))),
            ("&amp;lt;", Some(('<', 8))),
            ("&amp;amp;#39;", Some(('\'', 13))),
            ("&#x2F;", Some(('/', 6))),
            ("&#160;", Some(('\u{a0}', 6))),
            ("&amp; x", Some(('&', 5))),
            ("& x", None),
            ("&nosuch;", None),
        ] {
            assert_eq!(entity(text), expected, "{text}");
        }
        assert_eq!(wholly_unescaped("a &amp;amp;lt; b &#39;&; &"), "a < b '&; &");
        assert_eq!(unescaped("a &amp;lt; b &nbsp;&#39;&; &"), "a &lt; b  '&; &");
    }
}
