//! Every check of the project, in stages. A stage that fails does not stop the others; nothing is left out in silence.

mod stages;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use stages::{STAGES, Stage};

use crate::project::Project;

/// How a stage ended.
enum Outcome {
    Passed(Duration),
    Failed(Duration, String),
    LeftOut,
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
        let outcome = if chosen.contains(stage.name) { run_stage(project, stage, &outcomes) } else { Outcome::LeftOut };
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
        Ok(()) => Outcome::Passed(started.elapsed()),
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
    let (mut n_passed, mut n_failed) = (0, 0);
    println!();
    for (stage, outcome) in outcomes {
        match outcome {
            Outcome::Passed(time) => {
                n_passed += 1;
                println!("{:<9} passed   {:>6.0} s", stage.name, time.as_secs_f64());
            }
            Outcome::Failed(time, error) => {
                n_failed += 1;
                let first = error.lines().next().unwrap_or_default();
                println!("{:<9} FAILED   {:>6.0} s  {first}", stage.name, time.as_secs_f64());
            }
            Outcome::LeftOut => println!("{:<9} left out, since other stages were named", stage.name),
        }
    }
    println!("\n{n_passed} passed, {n_failed} failed");
    if n_failed > 0 {
        std::process::exit(1);
    }
    Ok(())
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
    fn a_named_stage_brings_those_that_it_needs() {
        let chosen = choose(&["e2e".to_string()]).unwrap();
        assert_eq!(chosen, BTreeSet::from(["e2e", "tools", "web"]));
        assert_eq!(choose(&[]).unwrap().len(), STAGES.len());
        assert!(choose(&["no-such".to_string()]).is_err());
    }
}
