//! Each file goes the whole way once in a child process before this one reads it.
//!
//! In: paths of files. Out: those that were gone through, and refusals of those at which the child ended or was not done
//! in time. Decoders refuse what they know to be too much; what they do not know, a fault in a library or memory that the
//! system does not give, ends a program, and with it the results of every other file. So it ends a child.
//!
//! The child reads paths from its standard input, each ended by a byte 0, and answers each with one byte. What becomes of a
//! file (slices or a refusal) does not matter to it: this process reads the file again and says so.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use lesionlens::model::ModelSpec;
use lesionlens::report::json::Refusal;
use lesionlens::study::Study;

use crate::args::SHIPPED_SPEC;

/// Name of the command that makes this program such a child.
pub(crate) const COMMAND: &str = "vet";

/// What the child answers with.
const DONE: u8 = b'.';

/// How long one file may take: as long as the page gives it.
const LIMIT: Duration = Duration::from_secs(20);

/// The files that can be read without harm, and those that cannot.
pub(crate) fn vet(files: Vec<PathBuf>) -> Result<(Vec<PathBuf>, Vec<Refusal>)> {
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    let mut helper: Option<Helper> = None;
    for file in files {
        let asked = match helper.as_mut() {
            Some(helper) => helper,
            None => helper.insert(Helper::start()?),
        };
        match asked.ask(&file) {
            Ok(()) => good.push(file),
            Err(end) => {
                // What has ended answers no more.
                drop(helper.take());
                refused.push(end.refusal(&file));
            }
        }
    }
    Ok((good, refused))
}

/// How a child ended at a file.
#[derive(Debug, Clone, Copy)]
enum End {
    Aborted,
    TooSlow,
}

impl End {
    fn refusal(self, file: &Path) -> Refusal {
        let (code, message) = match self {
            Self::Aborted => ("FileAborted", "reading this file ended the program that read it; leave it out"),
            Self::TooSlow => ("FileTooSlow", "reading this file was not done within 20 seconds; leave it out"),
        };
        Refusal::of_program(&file.display().to_string(), code, message)
    }
}

/// A child and what it answers; it ends with this value.
struct Helper {
    child: Child,
    answers: Receiver<u8>,
}

impl Helper {
    fn start() -> Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut child = Command::new(program)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting a child process that reads files")?;
        let stdout = child.stdout.take().context("reading from the child process")?;
        let (sender, answers) = mpsc::channel();
        // Ends when the child does, or when nobody listens any more.
        thread::spawn(move || {
            BufReader::new(stdout).bytes().map_while(Result::ok).try_for_each(|byte| sender.send(byte))
        });
        Ok(Self { child, answers })
    }

    fn ask(&mut self, file: &Path) -> Result<(), End> {
        let stdin = self.child.stdin.as_mut().ok_or(End::Aborted)?;
        let path = file.as_os_str().as_encoded_bytes();
        let sent = stdin.write_all(path).and_then(|()| stdin.write_all(&[0])).and_then(|()| stdin.flush());
        sent.map_err(|_| End::Aborted)?;
        match self.answers.recv_timeout(LIMIT) {
            Ok(_) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(End::TooSlow),
            Err(RecvTimeoutError::Disconnected) => Err(End::Aborted),
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Fails only where the child has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does: paths in, a byte out for each.
pub(crate) fn serve() -> Result<()> {
    let spec = ModelSpec::from_json(SHIPPED_SPEC)?;
    let mut stdout = io::stdout().lock();
    for path in io::stdin().lock().split(0) {
        go_through(&path_of(&path?), &spec);
        stdout.write_all(&[DONE])?;
        stdout.flush()?;
    }
    Ok(())
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Everything that becomes of a file but the net: decoding, arranging, drawing, and the net's input, the last two for the
/// first, middle and last slice of each series.
fn go_through(path: &Path, spec: &ModelSpec) {
    let Ok(bytes) = fs::read(path) else { return };
    let mut study = Study::default();
    if study.add_file(&path.display().to_string(), &bytes).is_err() {
        return;
    }
    drop(bytes);
    study.arrange();
    for series in study.series() {
        let ids = series.slice_ids();
        for id in [0, ids.len() / 2, ids.len() - 1].into_iter().filter_map(|slice_idx| ids.get(slice_idx)) {
            // What a study refuses harms nobody; only the end of this process tells.
            let _ = study.render(id.as_str(), series.window());
            let _ = study.input(spec, id.as_str());
        }
    }
}
