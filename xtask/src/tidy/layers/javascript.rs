//! The words and texts of JavaScript, without its comments and regular expressions.
//!
//! Not a parser: it knows where comments, texts, templates and regular expressions begin and end, by the rules of
//! ECMA-262, section 12, and a slash begins a regular expression where no value stands before it.

/// One token of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// A quoted text, or a template's without what is put in.
    Text(String),
    Sign(char),
}

/// The script's tokens, each with its line from 1.
pub(super) fn tokens(script: &str) -> Vec<(usize, Token)> {
    let mut lexer = Lexer { rest: script.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    lexer.run();
    lexer.tokens
}

/// What a script imports when it runs, as written: `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`.
pub(super) fn imports(tokens: &[(usize, Token)]) -> Vec<String> {
    let is_word = |at: usize, word: &str| matches!(tokens.get(at), Some((_, Token::Word(found))) if found == word);
    let mut found = Vec::new();
    for (at, (_, token)) in tokens.iter().enumerate() {
        let Token::Text(path) = token else { continue };
        let before = |n: usize| at.checked_sub(n);
        let is_static = before(1).is_some_and(|at| is_word(at, "from") || is_word(at, "import"));
        let is_call = before(1).is_some_and(|at| matches!(tokens[at].1, Token::Sign('(')))
            && before(2).is_some_and(|at| is_word(at, "import"));
        if is_static || is_call {
            found.push(path.clone());
        }
    }
    found
}

/// Lines with a text that a person is meant to read: two words or more, the first with a capital, or a closing mark.
/// What an error says to programmers is none.
pub(super) fn sentences(tokens: &[(usize, Token)]) -> Vec<(usize, String)> {
    let is_thrown = |at: usize| {
        let word = at.checked_sub(2).map(|at| &tokens[at].1);
        matches!(word, Some(Token::Word(word)) if word.ends_with("Error"))
    };
    let texts = tokens.iter().enumerate().filter_map(|(at, (line, token))| match token {
        Token::Text(text) if is_sentence(text) && !is_thrown(at) => Some((*line, text.clone())),
        _ => None,
    });
    texts.collect()
}

fn is_sentence(text: &str) -> bool {
    let is_word = |word: &&str| word.chars().count() > 1 && word.chars().all(char::is_alphabetic);
    let words = text.split_whitespace().map(|word| word.trim_matches(['.', ',', ':', ';', '?', '!', '…', '(', ')']));
    let n_words = words.filter(is_word).count();
    let begins = text.trim_start().chars().next().is_some_and(char::is_uppercase);
    let ends = text.trim_end().ends_with(['.', '?', '!', '…']);
    n_words >= 2 && (begins || ends)
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<(usize, Token)>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn run(&mut self) {
        // For every template that is open: how many braces are open in what is put in.
        let mut templates: Vec<usize> = Vec::new();
        while let Some(first) = self.peek(0) {
            let line = self.line;
            match (first, self.peek(1)) {
                ('/', Some('/')) => {
                    while self.peek(0).is_some_and(|next| next != '\n') {
                        self.next();
                    }
                }
                ('/', Some('*')) => self.skip_block(),
                ('/', _) if self.is_value_expected() => self.skip_regex(),
                ('"' | '\'', _) => {
                    self.next();
                    let text = self.quoted(first);
                    self.tokens.push((line, Token::Text(text)));
                }
                ('`', _) => {
                    self.next();
                    self.template(line, &mut templates);
                }
                ('}', _) if templates.last() == Some(&0) => {
                    self.next();
                    templates.pop();
                    self.template(line, &mut templates);
                }
                (first, _) if first.is_alphanumeric() || first == '_' || first == '$' => {
                    let word = self.word();
                    self.tokens.push((line, Token::Word(word)));
                }
                _ => {
                    self.next();
                    if let Some(open) = templates.last_mut() {
                        match first {
                            '{' => *open += 1,
                            '}' => *open -= 1,
                            _ => {}
                        }
                    }
                    if !first.is_whitespace() {
                        self.tokens.push((line, Token::Sign(first)));
                    }
                }
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek(0).filter(|next| next.is_alphanumeric() || *next == '_' || *next == '$') {
            word.push(next);
            self.next();
        }
        word
    }

    /// The text up to its closing quote.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                '\\' => text.extend(self.next()),
                next if next == quote => break,
                next => text.push(next),
            }
        }
        text
    }

    /// A template's text up to its end or to what is put in next.
    fn template(&mut self, line: usize, templates: &mut Vec<usize>) {
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                '\\' => text.extend(self.next()),
                '`' => break,
                '$' if self.peek(0) == Some('{') => {
                    self.next();
                    templates.push(0);
                    break;
                }
                next => text.push(next),
            }
        }
        self.tokens.push((line, Token::Text(text)));
    }

    fn skip_block(&mut self) {
        while let Some(next) = self.next() {
            if next == '*' && self.peek(0) == Some('/') {
                self.next();
                break;
            }
        }
    }

    fn skip_regex(&mut self) {
        self.next();
        let mut in_class = false;
        while let Some(next) = self.next() {
            match next {
                '\\' => drop(self.next()),
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => break,
                _ => {}
            }
        }
        self.word();
    }

    /// Whether no value stands before this place, so that a slash divides nothing.
    fn is_value_expected(&self) -> bool {
        match self.tokens.last() {
            None => true,
            Some((_, Token::Text(_))) => false,
            Some((_, Token::Word(word))) => {
                ["return", "typeof", "case", "in", "of", "await", "yield", "void"].contains(&word.as_str())
            }
            Some((_, Token::Sign(sign))) => !matches!(sign, ')' | ']' | '}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<String> {
        let texts = tokens(script).into_iter().filter_map(|(_, token)| match token {
            Token::Text(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn comments_and_regular_expressions_hold_no_text() {
        assert_eq!(texts("// \"a\"\n/* \"b\" */ x = 4 / 2; y = /[\"/]'/g.test(\"c\") / 'd'"), ["c", "d"]);
        assert_eq!(texts("return /'/; a['e'] / 'f'"), ["e", "f"]);
    }

    #[test]
    fn templates_are_read_through_what_is_put_in() {
        assert_eq!(texts("`a ${b + `c ${{ d: 'e' }.d}` } f`"), ["a ", "c ", "e", "", " f"]);
        assert_eq!(texts(r#""say \"a\"" 'b'"#), ["say \"a\"", "b"]);
    }

    #[test]
    fn imports_are_those_that_run() {
        let script = "import a from \"./a.js\";\nimport \"b.js\";\nexport { c } from './c.js';\nawait import(`./d.js`);\n\
                      /** @import { E } from \"./e.js\" */\nconst from = \"no\"; f(\"no\");\nlet x /** @type {import(\"./g.js\").G} */;";
        assert_eq!(imports(&tokens(script)), ["./a.js", "b.js", "./c.js", "./d.js"]);
    }

    #[test]
    fn sentences_are_told_from_names() {
        let script = "a(\"Drop files here\"); b('corner top left'); c(`could not ${x} be read.`); d('[data-testid=error]');\n\
                      throw new Error(\"No such element\"); e(\"Escape\"); f('Really?');";
        let found = sentences(&tokens(script));
        assert_eq!(found, [(1, "Drop files here".to_string()), (1, " be read.".to_string())]);
    }
}
