//! A program at a terminal: util-linux's `script` gives it a real one (a pseudo-terminal), keys go in
//! as the bytes a keyboard sends, and what comes out is put on a grid as a terminal would.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::server::PROGRAM;
use super::wait_for;

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\u{1b}";
pub(crate) const TAB: &str = "\t";
pub(crate) const DONE: &str = "\u{13}";
pub(crate) const INTERRUPT: &str = "\u{3}";

const ROWS: usize = 24;
const COLUMNS: usize = 80;

/// A terminal with the program in it. When dropped it is gone, and so is the program.
pub(crate) struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    seen: Arc<Mutex<Seen>>,
    lives: Arc<AtomicBool>,
}

impl Terminal {
    /// Starts the program, on a terminal of 80 × 24. What it leaves the terminal as is told behind it.
    pub(crate) fn start(arguments: &str) -> Terminal {
        let (scratch, life) = fifo();
        let line = format!(
            "exec 9>{life}; stty rows {ROWS} cols {COLUMNS}; {PROGRAM} {arguments}; code=$?; \
             echo LEFT $(stty -a | grep -oE -- '-?(icanon|echo)\\b'); exit $code"
        );
        let mut child = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("util-linux's script is there");
        let lives = Arc::new(AtomicBool::new(true));
        let until = Arc::clone(&lives);
        std::thread::spawn(move || {
            // Ends when nobody has its other side any more: neither the shell nor the program.
            let ended = File::open(&life).and_then(|mut life| life.read_to_end(&mut Vec::new()));
            ended.expect("a pipe nobody writes into can be read to its end");
            drop(scratch);
            until.store(false, Ordering::Release);
        });
        let keyboard = child.stdin.take().expect("its keyboard is a pipe");
        let mut output = child.stdout.take().expect("its screen is a pipe");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let into = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                into.lock().unwrap_or_else(PoisonError::into_inner).take(&bytes[..read]);
            }
        });
        Terminal { child, keyboard, seen, lives }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// What is on the screen now.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).text()
    }

    /// Waits until the screen shows a text.
    pub(crate) fn shows(&self, text: &str) {
        // What it showed instead stands in the failure.
        let shown = || self.screen().contains(text).then_some(());
        let what = format!("the screen shows {text:?}");
        let waited =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait_for(&what, shown)));
        assert!(waited.is_ok(), "{what} in vain:\n{}", self.screen());
    }

    /// Its exit code, once it has ended.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let child = &mut self.child;
        wait_for("the program leaves", || child.try_wait().expect("a child can be waited for"))
            .code()
    }

    /// Everything that came out, as it came.
    pub(crate) fn said(&self) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&seen.all).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A terminal that goes ends its shell, and the shell's end the program: each when it is its turn.
        if !std::thread::panicking() {
            wait_for("the program goes with its terminal", || {
                (!self.lives.load(Ordering::Acquire)).then_some(())
            });
        }
    }
}

/// A pipe with a name, in a directory of its own.
fn fifo() -> (TempDir, String) {
    let scratch = tempfile::tempdir().expect("a directory");
    let path = scratch.path().join("life");
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a pipe can be made");
    (scratch, path.display().to_string())
}

/// A grid of cells, and what has not been put on it yet.
struct Seen {
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    rest: Vec<u8>,
    all: Vec<u8>,
}

/// The second cell of a wide character.
const COVERED: char = '\0';

impl Default for Seen {
    fn default() -> Seen {
        let cells = vec![vec![' '; COLUMNS]; ROWS];
        Seen { cells, row: 0, column: 0, rest: Vec::new(), all: Vec::new() }
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.all.extend_from_slice(bytes);
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let whole = match std::str::from_utf8(&rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).expect("valid up to"),
        };
        let mut left = whole;
        while let Some(c) = left.chars().next() {
            if c == '\u{1b}' {
                let Some(length) = sequence(left) else { break };
                self.obey(&left[..length]);
                left = &left[length..];
                continue;
            }
            self.put(c);
            left = &left[c.len_utf8()..];
        }
        let taken = whole.len() - left.len();
        self.rest = rest[taken..].to_vec();
    }

    fn put(&mut self, c: char) {
        match c {
            '\r' => self.column = 0,
            '\n' => self.row = (self.row + 1).min(ROWS - 1),
            c if c.is_control() => {}
            c if self.column < COLUMNS => {
                self.set(c);
                if is_wide(c) && self.column < COLUMNS {
                    self.set(COVERED);
                }
            }
            _ => {}
        }
    }

    /// Sets a cell and goes on. Half of a wide character that was there goes with the other half.
    fn set(&mut self, c: char) {
        let (line, at) = (&mut self.cells[self.row], self.column);
        if line[at] == COVERED && c != COVERED && at > 0 {
            line[at - 1] = ' ';
        }
        if is_wide(line[at]) && at + 1 < COLUMNS {
            line[at + 1] = ' ';
        }
        line[at] = c;
        self.column += 1;
    }

    /// Cursor moves and clearing; colours and modes change nothing on the grid.
    fn obey(&mut self, sequence: &str) {
        let parameters = sequence.trim_start_matches("\u{1b}[");
        let numbers = parameters.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let mut numbers = numbers.split(';').map(|number| number.parse::<usize>().unwrap_or(1));
        match sequence.chars().next_back() {
            Some('H') => {
                self.row = (numbers.next().unwrap_or(1).max(1) - 1).min(ROWS - 1);
                self.column = (numbers.next().unwrap_or(1).max(1) - 1).min(COLUMNS - 1);
            }
            Some('J') => self.cells = vec![vec![' '; COLUMNS]; ROWS],
            _ => {}
        }
    }

    fn text(&self) -> String {
        let line = |cells: &Vec<char>| {
            let line: String = cells.iter().filter(|&&c| c != COVERED).collect();
            line.trim_end().to_owned()
        };
        self.cells.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// How long the escape sequence at the beginning of a text is; nothing, if it is not whole.
fn sequence(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (at, kind) = chars.next()?;
    match kind {
        '[' => chars.find(|(_, c)| ('@'..='~').contains(c)).map(|(at, _)| at + 1),
        _ => Some(at + kind.len_utf8()),
    }
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6)
}
