//! Runs other programs: each is printed before it starts, and its failure is an error.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program with this terminal's output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start {line}"))?;
    if !status.success() {
        bail!("{line}\nended with {status}");
    }
    Ok(())
}

/// Runs a program with this terminal's output, and returns what it printed besides.
pub(crate) fn run_and_read(command: &mut Command) -> Result<String> {
    let line = describe(command);
    eprintln!("$ {line}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {line}"))?;
    let mut printed = String::new();
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).lines() {
            let text = text.with_context(|| format!("{line} printed no UTF-8"))?;
            println!("{text}");
            printed.push_str(&text);
            printed.push('\n');
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{line}\nended with {status}");
    }
    Ok(printed)
}

/// Runs a program quietly and returns what it printed, without the white space around it.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {line}"))?;
    if !output.status.success() {
        bail!("{line}\nended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout).with_context(|| format!("{line} printed no UTF-8"))?.trim().to_string())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
