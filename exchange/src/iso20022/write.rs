//! XML out: elements within each other, indented, everything escaped. An element with nothing in it is not written.

/// A message that is being written.
pub(super) struct Out {
    text: String,
    open: Vec<Open>,
}

/// An element that has begun.
struct Open {
    name: &'static str,
    /// Where it begins, and where what is in it does.
    starts: [usize; 2],
}

impl Out {
    /// A document of a namespace.
    pub(super) fn document(namespace: &str) -> Out {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{namespace}\">\n"
        );
        let open = vec![Open { name: "Document", starts: [0, text.len()] }];
        Out { text, open }
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n("  ", self.open.len()));
    }

    /// Begins an element.
    pub(super) fn open(&mut self, name: &'static str) {
        self.open_with(name, "");
    }

    /// Begins an element with attributes, as they are written.
    pub(super) fn open_with(&mut self, name: &'static str, attributes: &str) {
        let start = self.text.len();
        self.indent();
        self.text.extend(["<", name, attributes, ">\n"]);
        self.open.push(Open { name, starts: [start, self.text.len()] });
    }

    /// Ends the element that was opened last.
    pub(super) fn close(&mut self) {
        let Open { name, starts: [start, inside] } =
            self.open.pop().expect("as many are closed as were opened");
        if self.text.len() == inside {
            return self.text.truncate(start);
        }
        self.indent();
        self.text.extend(["</", name, ">\n"]);
    }

    /// Elements within each other around what `inside` writes.
    pub(super) fn within(&mut self, names: &[&'static str], inside: impl FnOnce(&mut Out)) {
        names.iter().for_each(|name| self.open(name));
        inside(self);
        names.iter().for_each(|_| self.close());
    }

    /// An element with a text.
    pub(super) fn leaf(&mut self, name: &'static str, text: &str) {
        self.leaf_with(name, "", text);
    }

    /// An element with attributes, as they are written, and a text.
    pub(super) fn leaf_with(&mut self, name: &'static str, attributes: &str, text: &str) {
        self.indent();
        self.text.extend(["<", name, attributes, ">"]);
        for letter in text.chars() {
            match letter {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                _ => self.text.push(letter),
            }
        }
        self.text.extend(["</", name, ">\n"]);
    }

    /// Ends the document.
    pub(super) fn end(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}
