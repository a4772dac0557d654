//! Reads a text from front to back. What it hands out are slices of that text.

pub struct Scanner<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        Scanner { rest: text, line: 1 }
    }

    /// The number, from 1, of the line that the scanner is on.
    pub fn line(&self) -> usize {
        self.line
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub fn skip_space(&mut self) {
        let space = self.rest.len() - self.rest.trim_start().len();
        self.take(space);
    }

    /// Steps over this text, if it is what comes next.
    pub fn accept(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.take(text.len());
        }
        found
    }

    /// What comes before this character, which stays; `None`, and no step, when it does not come.
    pub fn until(&mut self, end: char) -> Option<&str> {
        let length = self.rest.find(end)?;
        Some(self.take(length))
    }

    /// Everything up to white space, a `{` or the end.
    pub fn word(&mut self) -> &str {
        let ends = |c: char| c.is_whitespace() || c == '{';
        let length = self.rest.find(ends).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken
    }
}
