//! Lines of JSON: what comes of one is a frame that the frame's own readers take.

use protocol::json::{Line, read_line};
use protocol::split_frame;

/// Reads one line.
pub fn read(data: &[u8]) {
    let mut out = Vec::new();
    match read_line(data, &mut out) {
        Ok(Line::Request(kind)) => {
            let frame = split_frame(&out).expect("a frame").expect("a whole frame");
            assert_eq!(frame.header.kind, kind);
            assert_eq!(frame.header.length as usize, out.len(), "one frame comes of a line");
            assert!(frame.header.request > 0, "a request has a number");
            super::frame::read(&out);
        }
        Ok(Line::Hello(_)) => assert!(out.is_empty(), "a hello is no frame"),
        Err(error) => {
            assert!(out.is_empty(), "nothing is appended for a line that is turned away");
            assert!(!error.line().is_empty());
        }
    }
}

/// The golden vectors in their JSON form, the bad lines too.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        (include_str!("../../protocol/vectors/hellos.json"), "json"),
        (include_str!("../../protocol/vectors/requests.json"), "json"),
        (include_str!("../../protocol/vectors/directory.json"), "json"),
        (include_str!("../../protocol/vectors/bad-lines.json"), "line"),
    ];
    let of = |(file, name)| super::vectors(file, name);
    let mut seeds: Vec<_> = files.into_iter().flat_map(of).map(String::into_bytes).collect();
    // A command alone, in the line that carries it.
    let commands = super::vectors(include_str!("../../protocol/vectors/commands.json"), "json");
    seeds.extend(commands.into_iter().map(|json| {
        let line = json.replacen('{', "{\"request\":\"7\",", 1);
        line.into_bytes()
    }));
    seeds
}
