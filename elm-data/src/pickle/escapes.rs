//! Strings of protocol 0, which are lines of text with escapes.

/// The bytes of `'...'` or `"..."` as Python 2 shows a string.
pub(super) fn string(line: &[u8]) -> Option<Vec<u8>> {
    let inner = match line.trim_ascii_end() {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return None,
    };
    let (mut bytes, mut rest) = (Vec::with_capacity(inner.len()), inner);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&escape, after) = rest.split_first()?;
        rest = after;
        bytes.push(match escape {
            b'\\' | b'\'' | b'"' => escape,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                u8::try_from(hexadecimal(digits)?).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

/// Text, as UTF-8, that Python wrote as `raw-unicode-escape`: Latin-1, with
/// `\uXXXX` and `\UXXXXXXXX` for what is beyond and for what would end a line.
pub(super) fn unicode(line: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((&byte, after)) = rest.split_first() {
        let length = match rest {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            _ => {
                text.push(char::from(byte));
                rest = after;
                continue;
            }
        };
        text.push(char::from_u32(hexadecimal(rest.get(2..2 + length)?)?)?);
        rest = &rest[2 + length..];
    }
    Some(text.into_bytes())
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_as_python_wrote_them() {
        assert_eq!(string(br"'a\'\\\n\x80b'").unwrap(), b"a'\\\n\x80b");
        assert_eq!(string(br#""it's""#).unwrap(), b"it's");
        for wrong in [br"'a".as_slice(), br"'\x8'", br"'\q'", br"'a\'", b"", b"a"] {
            assert_eq!(string(wrong), None, "{wrong:?}");
        }
        assert_eq!(unicode(b"a\xe4\\u20ac\\U0001f600\\").unwrap(), "aä€😀\\".as_bytes());
        assert_eq!(unicode(b"\\u20"), None);
        assert_eq!(unicode(b"\\ud800"), None);
    }
}
