//! A reader of pain.001 for tests, which shares nothing with what is tested: every leaf of a message by its path.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Leaves in their order: path below `Document`, text. Attributes other than namespaces stand behind the path.
pub(crate) fn leaves(message: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(message);
    let (mut path, mut leaves) = (Vec::<String>::new(), Vec::new());
    let (mut text, mut has_elements) = (String::new(), true);
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => {
                let mut name = start.name().as_ref().to_owned();
                for attribute in start.attributes() {
                    let attribute = attribute.expect("an attribute");
                    if attribute.key.as_ref() != "xmlns" {
                        name.push_str(&format!("@{}={}", attribute.key.as_ref(), attribute.value));
                    }
                }
                path.push(name);
                text.clear();
                has_elements = false;
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                other => panic!("an entity {other}"),
            }),
            Event::End(_) => {
                if !has_elements {
                    leaves.push((path[1..].join("/"), text.clone()));
                }
                has_elements = true;
                path.pop();
            }
            Event::Decl(_) => {}
            Event::Eof => return leaves,
            other => panic!("{other:?} in a message of ours"),
        }
    }
}

/// The texts at a path, in their order.
pub(crate) fn at<'a>(leaves: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    let is_there = |leaf: &&(String, String)| leaf.0 == path;
    leaves.iter().filter(is_there).map(|(_, text)| text.as_str()).collect()
}
