//! Runs other programs: each is printed before it starts, and its failure is an error.

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
