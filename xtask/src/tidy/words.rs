//! Words that the project does not use for itself, and marks of unfinished work.
//!
//! A text that has to name such a word, to say what the project is not, states it on the line itself or on the line
//! before: `tidy: WORD, REASON` inside a comment (`<!-- … -->` or `// …`), one comment per word.

/// What Lesionlens never says about itself or its scores.
const FORBIDDEN: [&str; 6] =
    ["probability", "confidence", "screening", "second reader", "radiologist-level", "finds cancer"];

/// Marks of unfinished work, written apart so that this file holds none.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Forbidden words in a text that people read.
pub(super) fn forbidden(file: &str, text: &str) -> Vec<String> {
    let lines: Vec<String> = text.lines().map(str::to_lowercase).collect();
    let mut findings = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| &lines[before]);
        for word in FORBIDDEN {
            let named = line.contains(word) && !excepts(before, word) && !excepts(line, word);
            // A phrase of two words may be broken over two lines.
            let broken = word
                .split_once(' ')
                .is_some_and(|(first, last)| before.trim_end().ends_with(first) && line.trim_start().starts_with(last));
            if named || broken {
                findings.push(format!("{file}:{}: the project never says {word:?}", at + 1));
            }
        }
    }
    findings
}

/// Marks of unfinished work in any text.
pub(super) fn unfinished(file: &str, text: &str) -> Vec<String> {
    let words =
        |line: &str| line.split(|letter: char| !letter.is_alphanumeric()).any(|word| UNFINISHED.contains(&word));
    let marked = text.lines().enumerate().filter(|(_, line)| words(line));
    marked.map(|(at, _)| format!("{file}:{}: unfinished work is not committed", at + 1)).collect()
}

/// Whether a line holds the exception for that word, with a reason behind it.
fn excepts(line: &str, word: &str) -> bool {
    let reason = line.split_once("tidy: ").and_then(|(_, rest)| rest.strip_prefix(word)?.strip_prefix(", "));
    reason.is_some_and(|reason| reason.chars().filter(|character| character.is_alphabetic()).count() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_words_are_found_in_any_case_and_over_line_ends() {
        assert_eq!(forbidden("a.md", "A score.\nHigh Confidence."), ["a.md:2: the project never says \"confidence\""]);
        assert_eq!(forbidden("a.md", "A second\nreader."), ["a.md:2: the project never says \"second reader\""]);
        assert_eq!(forbidden("a.md", "A score between 0 and 1."), [""; 0]);
    }

    #[test]
    fn an_exception_holds_for_its_word_and_line_and_needs_a_reason() {
        let allowed = "<!-- tidy: screening, the notice says what it is not for -->\nNot for screening.";
        assert_eq!(forbidden("a.md", &format!("{allowed}\nText.")), [""; 0]);
        assert_eq!(forbidden("a.js", "x: \"Not for screening.\", // tidy: screening, says what it is not"), [""; 0]);
        assert_eq!(forbidden("a.md", &format!("{allowed}\nScreening.")).len(), 1);
        assert_eq!(forbidden("a.md", "<!-- tidy: screening, -->\nNot for screening.").len(), 2);
        assert_eq!(forbidden("a.md", "<!-- tidy: screening, said twice -->\nNo confidence.").len(), 1);
    }

    #[test]
    fn unfinished_marks_are_found() {
        let text = format!("fine\n// {} later", UNFINISHED[0]);
        assert_eq!(unfinished("src/a.rs", &text), ["src/a.rs:2: unfinished work is not committed"]);
    }
}
