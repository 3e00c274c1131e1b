//! Data directories: looked at, copied, spoilt and put back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::wait_for;

/// Where the journal of a data directory lies.
pub(crate) fn journal(data: &Path) -> PathBuf {
    data.join("journal")
}

/// The file of a segment.
pub(crate) fn segment(data: &Path, number: u64) -> PathBuf {
    journal(data).join(format!("{number:010}.seg"))
}

/// Every file of a journal with its bytes, by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn read(data: &Path) -> Files {
    let entries = fs::read_dir(journal(data)).expect("a journal's directory");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        let bytes = fs::read(entry.path()).expect("a file that can be read");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    };
    entries.map(file).collect()
}

/// Makes a data directory of these files, in place of what is there.
pub(crate) fn write(data: &Path, files: &Files) {
    let dir = journal(data);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a directory");
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).expect("a file that can be written");
    }
}

/// The first difference between a journal and what it was, if there is one.
pub(crate) fn difference(data: &Path, was: &Files) -> Option<String> {
    let is = read(data);
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    if names(&is) != names(was) {
        return Some(format!("files are {:?} and were {:?}", names(&is), names(was)));
    }
    is.iter().find(|(name, bytes)| *bytes != &was[*name]).map(|(name, _)| format!("{name} differs"))
}

/// Writes bytes into a file at an offset.
pub(crate) fn patch(file: &Path, offset: u64, bytes: &[u8]) {
    let opened = fs::OpenOptions::new().write(true).open(file).expect("a file to patch");
    opened.write_all_at(bytes, offset).expect("a patch that can be written");
}

/// Turns one bit of a file over.
pub(crate) fn flip(file: &Path, offset: u64, bit: u8) {
    let opened = fs::OpenOptions::new().read(true).write(true).open(file).expect("a file to patch");
    let mut byte = [0];
    opened.read_exact_at(&mut byte, offset).expect("a byte");
    byte[0] ^= 1 << bit;
    opened.write_all_at(&byte, offset).expect("a patch that can be written");
}

/// CRC32C, as the journal's format uses it; slow and short.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

/// A small disk of its own in memory. Unmounted when dropped.
pub(crate) struct SmallDisk {
    pub(crate) path: PathBuf,
    _dir: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one; says why, where that cannot be done here.
    pub(crate) fn mount(mib: u32) -> Result<SmallDisk, String> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().to_owned();
        let size = format!("size={mib}m");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&path).output();
        match mount {
            Ok(output) if output.status.success() => Ok(SmallDisk { path, _dir: dir }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Mounts an ext4 filesystem from a file; says why, where that cannot be done here.
    pub(crate) fn ext4(mib: u64) -> Result<SmallDisk, String> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (image, path) = (dir.path().join("image"), dir.path().join("disk"));
        fs::create_dir(&path).expect("a directory");
        let file = fs::File::create(&image).expect("a file");
        file.set_len(mib << 20).expect("a file without its bytes");
        let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
            let output = Command::new(program).args(arguments).output();
            match output {
                Ok(output) if output.status.success() => Ok(()),
                Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
                Err(error) => Err(format!("{program}: {error}")),
            }
        };
        run("mkfs.ext4", &["-q".as_ref(), image.as_ref()])?;
        run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_ref(), path.as_ref()])?;
        Ok(SmallDisk { path, _dir: dir })
    }

    /// Mounts it again with other options.
    pub(crate) fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.path).status();
        assert!(done.expect("mount can be run").success(), "mount -o {options}");
    }

    /// Bytes it has left.
    pub(crate) fn free(&self) -> u64 {
        let about = rustix::fs::statvfs(&self.path).expect("room can be asked for");
        about.f_bavail * about.f_frsize
    }

    /// Takes its room with a file, all but so many bytes. Others may take and give back some at the
    /// same time, so it looks again until that is what is left.
    pub(crate) fn leave(&self, bytes: u64) -> PathBuf {
        let ballast = self.path.join("ballast");
        let file = fs::File::create(&ballast).expect("a file");
        let mut taken = 0;
        wait_for("a disk as full as it should be", || {
            let more = self.free().saturating_sub(bytes);
            if more == 0 {
                return Some(());
            }
            let none = rustix::fs::FallocateFlags::empty();
            match rustix::fs::fallocate(&file, none, 0, taken + more) {
                Ok(()) => taken += more,
                Err(rustix::io::Errno::NOSPC) => {}
                Err(error) => panic!("ballast: {error}"),
            }
            None
        });
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(&self.path).status();
        if !done.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.path.display());
        }
    }
}

/// Copies a directory with all that is in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &copy);
        } else {
            fs::copy(&path, &copy).expect("a file that can be copied");
        }
    }
}
