//! Expressions as lists of symbols without parentheses: evaluated, and read
//! from and written in the notation of the released files.

/// The symbols as they are tokenised. An expression is a list of their places
/// in this table: the digits are their own value.
pub const SYMBOLS: [&str; 15] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "[MIN", "[MAX", "[MED", "[SM", "X"];

/// First of the four operators.
pub(super) const MIN: u8 = 10;
const MAX: u8 = 11;
const MED: u8 = 12;
const SUM: u8 = 13;
/// The end of a list: `X` as a token, `]` in the files.
pub(super) const END: u8 = 14;

/// The value of an expression.
///
/// The median of an even number of values is the mean of the middle two,
/// rounded down.
///
/// # Errors
/// Says which symbol (from 1) is out of place.
pub fn evaluate(expression: &[u8]) -> Result<u8, String> {
    let mut values: Vec<u8> = Vec::new();
    // Operator and number of values below it, of every open list.
    let mut open: Vec<(u8, usize)> = Vec::new();
    for (index, &symbol) in expression.iter().enumerate() {
        if index > 0 && open.is_empty() {
            return Err(format!("symbol {} comes after the end of the expression", index + 1));
        }
        match symbol {
            0..MIN => values.push(symbol),
            MIN..END => open.push((symbol, values.len())),
            _ => {
                let (operator, start) = open
                    .pop()
                    .ok_or_else(|| format!("symbol {} closes a list that is not open", index + 1))?;
                let value = apply(operator, &mut values[start..])
                    .ok_or_else(|| format!("symbol {} closes a list without values", index + 1))?;
                values.truncate(start);
                values.push(value);
            }
        }
    }
    match (values.as_slice(), open.len()) {
        ([value], 0) => Ok(*value),
        ([], 0) => Err("the expression is empty".into()),
        (_, open) => Err(format!("{open} lists are not closed")),
    }
}

fn apply(operator: u8, values: &mut [u8]) -> Option<u8> {
    let half = values.len() / 2;
    match operator {
        MIN => values.iter().min().copied(),
        MAX => values.iter().max().copied(),
        MED => {
            values.sort_unstable();
            let upper = *values.get(half)?;
            Some(if values.len() % 2 == 1 { upper } else { (values[half - 1] + upper) / 2 })
        }
        _ if values.is_empty() => None,
        _ => Some((values.iter().map(|&value| u32::from(value)).sum::<u32>() % 10) as u8),
    }
}

/// Appends an expression in the notation of the files: every list is a
/// left-leaning tree of pairs, `( ( ( [MAX 2 ) 9 ) ] )`.
///
/// The expression must be one that [`evaluate`] accepts.
pub fn write(expression: &[u8], text: &mut Vec<u8>) {
    let mut members = members(expression).into_iter();
    let mut depth = 0usize;
    for &symbol in expression {
        match symbol {
            MIN..END => {
                // One pair for each member and one for the end.
                let pairs = members.next().unwrap_or(0) + 1;
                text.extend(b"( ".iter().cycle().take(2 * pairs));
                text.extend_from_slice(SYMBOLS[usize::from(symbol)].as_bytes());
                text.push(b' ');
                depth += 1;
                continue;
            }
            END => {
                text.extend_from_slice(b"] ) ");
                depth = depth.saturating_sub(1);
            }
            _ => text.extend([b'0' + symbol, b' ']),
        }
        if depth > 0 {
            text.extend_from_slice(b") ");
        }
    }
    text.pop();
}

/// Number of members of every list, in the order in which they open.
fn members(expression: &[u8]) -> Vec<usize> {
    let mut counts: Vec<usize> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for &symbol in expression {
        if symbol == END {
            open.pop();
            continue;
        }
        if let Some(&list) = open.last() {
            counts[list] += 1;
        }
        if symbol >= MIN {
            open.push(counts.len());
            counts.push(0);
        }
    }
    counts
}

/// Reads an expression from the notation of the files and appends its symbols.
/// Parentheses and white space are skipped, as the published tokenisations do.
///
/// # Errors
/// The byte (from 1) where there is no known symbol, and what is there.
pub fn parse(text: &[u8], expression: &mut Vec<u8>) -> Result<(), String> {
    let skipped = |byte: u8| matches!(byte, b'(' | b')') || byte.is_ascii_whitespace();
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if skipped(byte) {
            at += 1;
            continue;
        }
        let length = text[at..].iter().position(|&byte| skipped(byte)).unwrap_or(text.len() - at);
        let symbol = match (&text[at..at + length], byte) {
            ([_], b'0'..=b'9') => byte - b'0',
            ([_], b']' | b'X') => END,
            (b"[MIN", _) => MIN,
            (b"[MAX", _) => MAX,
            (b"[MED", _) => MED,
            (b"[SM", _) => SUM,
            (other, _) => {
                let shown = String::from_utf8_lossy(&other[..other.len().min(20)]).into_owned();
                return Err(format!("{shown:?} at byte {} is none of 0-9, [MIN, [MAX, [MED, [SM, ]", at + 1));
            }
        };
        expression.push(symbol);
        at += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<u8> {
        let mut expression = Vec::new();
        parse(text.as_bytes(), &mut expression).unwrap();
        expression
    }

    #[test]
    fn a_published_expression_is_read_and_written_back() {
        for text in ["( ( ( [MAX 2 ) 9 ) ] )", "7", "( ( ( [SM ( ( ( [MIN 3 ) 4 ) ] ) ) 9 ) ] )"] {
            let mut written = Vec::new();
            write(&parsed(text), &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }

    #[test]
    fn operators_mean_what_the_task_says() {
        let cases = [
            ("( ( ( [MAX 2 ) 9 ) ] )", 9),
            ("[MIN 4 2 8 ]", 2),
            ("[SM 9 9 9 ]", 7),
            ("[MED 9 1 5 ]", 5),
            ("[MED 1 2 4 9 ]", 3),
            ("[MED 1 4 ]", 2),
            ("[SM [MAX 1 2 ] [MED 8 9 ] X", 0),
        ];
        for (text, value) in cases {
            assert_eq!(evaluate(&parsed(text)), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for (text, reason) in [
            ("[MAX ]", "symbol 2 closes a list without values"),
            ("[SM ]", "symbol 2 closes a list without values"),
            ("[MED ]", "symbol 2 closes a list without values"),
            ("]", "symbol 1 closes a list that is not open"),
            ("[MAX 1", "1 lists are not closed"),
            ("1 2", "symbol 2 comes after the end"),
            ("", "the expression is empty"),
        ] {
            let error = evaluate(&parsed(text)).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let error = parse(b"( [MAX 12 )", &mut Vec::new()).unwrap_err();
        assert!(error.starts_with("\"12\" at byte 8"), "{error}");
    }
}
