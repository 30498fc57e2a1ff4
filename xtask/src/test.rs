//! Every check of the project, in stages. A stage that fails does not stop the others; nothing is left out in silence.

mod shared;
mod skipped;
mod stages;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use stages::{Ran, STAGES, Stage};

use crate::project::Project;

/// How a stage ended.
enum Outcome {
    Ran(Duration, Ran),
    Failed(Duration, String),
    /// Other stages were named.
    NotChosen,
}

/// Prints the stages with what each does.
pub(crate) fn list() {
    for stage in STAGES {
        println!("{:<9} {}", stage.name, stage.what);
    }
}

/// Runs the named stages with those that they need, or all when none is named.
pub(crate) fn run(project: &Project, names: &[String]) -> Result<()> {
    let chosen = choose(names)?;
    let mut outcomes: Vec<(&Stage, Outcome)> = Vec::new();
    for stage in STAGES {
        let outcome =
            if chosen.contains(stage.name) { run_stage(project, stage, &outcomes) } else { Outcome::NotChosen };
        outcomes.push((stage, outcome));
    }
    report(&outcomes)
}

fn run_stage(project: &Project, stage: &Stage, earlier: &[(&Stage, Outcome)]) -> Outcome {
    println!("\n==> {}: {}", stage.name, stage.what);
    let failed = |name: &&&str| {
        earlier.iter().any(|(stage, outcome)| stage.name == **name && matches!(outcome, Outcome::Failed(..)))
    };
    if let Some(missing) = stage.needs.iter().find(failed) {
        return Outcome::Failed(Duration::ZERO, format!("not run, since it needs {missing}, which failed"));
    }
    let started = Instant::now();
    match (stage.run)(project) {
        Ok(ran) => Outcome::Ran(started.elapsed(), ran),
        Err(error) => {
            println!("{}: {error:#}", stage.name);
            Outcome::Failed(started.elapsed(), format!("{error:#}"))
        }
    }
}

/// The stages to run: those named and, again and again, those that they need.
fn choose(names: &[String]) -> Result<BTreeSet<&'static str>> {
    let mut chosen = BTreeSet::new();
    for name in names {
        let Some(stage) = STAGES.iter().find(|stage| stage.name == name) else {
            bail!("there is no stage {name:?}; `cargo xtask test --list` names them");
        };
        chosen.insert(stage.name);
    }
    if names.is_empty() {
        chosen.extend(STAGES.iter().map(|stage| stage.name));
    }
    // A stage needs only earlier ones, so one pass from the last to the first reaches them all.
    for stage in STAGES.iter().rev().filter(|stage| chosen.contains(stage.name)).collect::<Vec<_>>() {
        chosen.extend(stage.needs);
    }
    Ok(chosen)
}

/// Prints the closing table, whose last line is read by continuous integration.
fn report(outcomes: &[(&Stage, Outcome)]) -> Result<()> {
    let table = table(outcomes);
    println!("\n{table}");
    if outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(..))) {
        std::process::exit(1);
    }
    Ok(())
}

/// Every stage with its seconds and what it left out, then the tests that were left out by name, then the sums.
fn table(outcomes: &[(&Stage, Outcome)]) -> String {
    let (mut n_passed, mut n_failed) = (0, 0);
    let mut lines = Vec::new();
    let mut left_out = Vec::new();
    for (Stage { name, .. }, outcome) in outcomes {
        let (word, time, note) = match outcome {
            Outcome::Ran(time, Ran::All) => ("passed", Some(time), String::new()),
            Outcome::Ran(time, Ran::Without(tests)) => {
                ("passed", Some(time), format!("{} left out", count(tests.len())))
            }
            Outcome::Ran(time, Ran::Nothing(tests)) => ("LEFT OUT", Some(time), count(tests.len())),
            Outcome::Failed(time, error) => {
                ("FAILED", Some(time), error.lines().next().unwrap_or_default().to_string())
            }
            Outcome::NotChosen => ("left out", None, "since other stages were named".to_string()),
        };
        match outcome {
            Outcome::Ran(_, Ran::All | Ran::Without(_)) => n_passed += 1,
            Outcome::Failed(..) => n_failed += 1,
            Outcome::Ran(_, Ran::Nothing(_)) | Outcome::NotChosen => {}
        }
        if let Outcome::Ran(_, Ran::Without(tests) | Ran::Nothing(tests)) = outcome {
            left_out.extend(tests.iter().map(|test| format!("{name:<9} {test}")));
        }
        let seconds = time.map(|time| format!("{:>6.0} s", time.as_secs_f64())).unwrap_or_default();
        lines.push(format!("{name:<9} {word:<8} {seconds:>8}  {note}").trim_end().to_string());
    }
    if !left_out.is_empty() {
        lines.push(format!("\n{} left out:", count(left_out.len())));
        lines.extend(left_out);
    }
    lines.push(format!("\n{n_passed} passed, {n_failed} failed"));
    lines.join("\n")
}

fn count(n_tests: usize) -> String {
    if n_tests == 1 { "1 test".to_string() } else { format!("{n_tests} tests") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_need_only_earlier_ones() {
        for (at, stage) in STAGES.iter().enumerate() {
            for need in stage.needs {
                assert!(STAGES[..at].iter().any(|earlier| earlier.name == *need), "{} needs {need}", stage.name);
            }
        }
    }

    #[test]
    fn the_table_names_and_counts_what_was_left_out() {
        let stage = |name| STAGES.iter().find(|stage| stage.name == name).unwrap();
        let time = Duration::from_secs(7);
        let tests = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let table = table(&[
            (stage("fmt"), Outcome::Ran(time, Ran::All)),
            (stage("native"), Outcome::NotChosen),
            (stage("shared"), Outcome::Ran(time, Ran::Nothing(tests(&["one", "two"])))),
            (stage("e2e"), Outcome::Ran(time, Ran::Without(tests(&["three"])))),
            (stage("training"), Outcome::Failed(time, "broken\nmore".to_string())),
        ]);
        assert_eq!(
            table,
            "fmt       passed        7 s\n\
             native    left out           since other stages were named\n\
             shared    LEFT OUT      7 s  2 tests\n\
             e2e       passed        7 s  1 test left out\n\
             training  FAILED        7 s  broken\n\n\
             3 tests left out:\n\
             shared    one\n\
             shared    two\n\
             e2e       three\n\n\
             2 passed, 1 failed"
        );
    }

    #[test]
    fn a_named_stage_brings_those_that_it_needs() {
        let chosen = choose(&["e2e".to_string()]).unwrap();
        assert_eq!(chosen, BTreeSet::from(["e2e", "tools", "web"]));
        assert_eq!(choose(&[]).unwrap().len(), STAGES.len());
        assert!(choose(&["no-such".to_string()]).is_err());
    }
}
