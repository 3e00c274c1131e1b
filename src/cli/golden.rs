//! Screens held against what they looked like before, in `tests/golden/screens/`, or in
//! `docs/screens/` where the book shows them.

use std::path::PathBuf;

use ratatui::buffer::Buffer;

/// The text of a drawn screen: a line each, without the blanks at its end. A wide character takes
/// two cells; the second is empty, and left out.
pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut covered = 0;
        for x in area.left()..area.right() {
            let symbol = buffer[(x, y)].symbol();
            if covered > 0 {
                covered -= 1;
                continue;
            }
            line.push_str(symbol);
            covered = ratatui::text::Span::raw(symbol).width().saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Holds a screen against its file; `UPDATE_GOLDEN=1` writes it anew.
pub(super) fn check(name: &str, screen: &str) {
    check_in("tests/golden/screens", name, screen);
}

/// The same for a screen that the book shows; `tests/book.rs` holds the page against the file.
pub(super) fn check_shown(name: &str, screen: &str) {
    check_in("docs/screens", name, screen);
}

fn check_in(dir: &str, name: &str, screen: &str) {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(dir);
    let path = dir.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(&dir).expect("a directory can be made");
        std::fs::write(&path, screen).expect("a file can be written");
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(screen, before, "differs from {}", path.display());
}
