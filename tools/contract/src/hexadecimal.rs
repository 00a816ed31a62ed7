//! Bytes as hexadecimal digits, and back.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Two lower-case digits a byte.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |half: u8| DIGITS[usize::from(half & 0xf)];
    let digits: Vec<u8> = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect();
    // Digits are a text. Gathered as bytes, they are not counted and encoded one by one.
    String::from_utf8(digits).unwrap_or_default()
}

/// The bytes that so many pairs of digits stand for, in lower or upper case; `None` for anything else.
pub fn decode<const LENGTH: usize>(digits: &[u8]) -> Option<[u8; LENGTH]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != LENGTH || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = decode_byte(*pair)?;
    }
    Some(bytes)
}

/// The byte that two digits stand for.
pub fn decode_byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lower_case_digits() {
        assert_eq!(encode(&[0x00, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(encode(&[]), "");
    }

    #[test]
    fn digits_of_either_case_become_the_bytes_again() {
        assert_eq!(decode(b"000fa0FF"), Some([0x00, 0x0f, 0xa0, 0xff]));
    }

    #[test]
    fn what_is_not_so_many_pairs_of_digits_is_nothing() {
        assert_eq!(decode::<2>(b"0a0"), None);
        assert_eq!(decode::<2>(b"0a"), None);
        assert_eq!(decode::<2>(b"0a0b0c"), None);
        assert_eq!(decode::<1>(b"+1"), None);
        assert_eq!(decode::<1>("é".as_bytes()), None);
    }
}
