//! Extensions and what else is dialled once a call is answered.

/// What introduces an extension, the longest first.
const WORDS: &[&str] = &["extension", "extn", "ext", "x"];

/// The number without what is dialled after it: behind a comma or semicolon, or as digits behind `x` or
/// `ext`. Vanity numbers keep their letters, and RFC 3966 its context, which says the country.
pub(super) fn without_extension(input: &str) -> &str {
    let input = match input.find([',', ';']) {
        Some(end) if !input.contains("phone-context") => &input[..end],
        _ => input,
    };
    let before = input.trim_end_matches(|character: char| character.is_ascii_digit());
    let before_sign = before.trim_end_matches([' ', '.', ':', '=', '#']);
    let number = WORDS.iter().find_map(|word| {
        let end = before_sign.len().checked_sub(word.len())?;
        let ends_so = before_sign.get(end..)?.eq_ignore_ascii_case(word);
        ends_so.then(|| &before_sign[..end])
    });
    match number.map(|number| number.trim_end_matches([' ', '('])) {
        Some(number) if number.ends_with(|character: char| character.is_ascii_digit()) => number,
        _ => input.trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_extension;

    #[test]
    fn extensions_are_no_part_of_a_number() {
        for input in [
            "+14155550123",
            "+14155550123,101",
            "+14155550123,,101#",
            "+14155550123 ; 101",
            "+14155550123;ext=101",
            "+14155550123x101",
            "+14155550123 X101",
            "+14155550123 ext. 101",
            "+14155550123 Ext: 101",
            "+14155550123 extension 101",
        ] {
            assert_eq!(without_extension(input), "+14155550123", "{input}");
        }
        for input in
            ["1-800-XFINITY", "anonymous", "ext 101", "x101", "", "7042;phone-context=+1415555", "é1"]
        {
            assert_eq!(without_extension(input), input);
        }
    }
}
