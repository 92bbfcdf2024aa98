//! Bytes as text.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Two lower-case hexadecimal digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn two_digits_for_each_byte() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa0, 0xff, 0x19]), "000fa0ff19");
        assert_eq!(hex(&[]), "");
    }
}
