//! The rules a province begins with: data, `data/rules.tsv`, each line as a `rule-propose` paper has
//! it.

use crate::limits::RULES_PAPER_BYTES;

/// Its lines, without what says what they are.
pub fn lines() -> impl Iterator<Item = &'static str> {
    let text = include_str!("../../../data/rules.tsv");
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// The texts of as many papers as it takes to propose all of them.
#[must_use]
pub fn papers() -> Vec<String> {
    parted(lines())
}

/// Lines, parted into the texts of papers whose changes still fit an event.
pub fn parted<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut papers: Vec<String> = Vec::new();
    for line in lines {
        match papers.last_mut().filter(|text| text.len() + line.len() < RULES_PAPER_BYTES) {
            Some(text) => {
                text.push('\n');
                text.push_str(line);
            }
            None => papers.push(line.to_owned()),
        }
    }
    papers
}
