//! Numbers that README.md quotes, against the files that they come from, so that neither changes without the other.

use anyhow::{Context, Result};
use serde_json::Value;

/// Findings where the README does not quote what its sources hold.
pub(super) fn check(readme: &str, model_bytes: u64, figures: &str, conformance: &str) -> Result<Vec<String>> {
    let figures: Value = serde_json::from_str(figures).context("training/results/figures.json")?;
    let number = |pointer: &str| {
        let value = figures.pointer(pointer).and_then(Value::as_f64);
        value.with_context(|| format!("training/results/figures.json has no number {pointer}"))
    };
    let (deeplesion, nodules) = ("/deeplesion/iou50", "/nodules longer than 6 mm/nodules");
    let (diameters, marks) = ("/diameters/nodules/center/all_matched/long_mm", "/default_threshold");
    let quotes = [
        format!("{} bytes", grouped(model_bytes)),
        format!(
            "{:.1} % (95 % interval {:.1} to {:.1})",
            number(&format!("{deeplesion}/mean"))?,
            number(&format!("{deeplesion}/interval_95/0"))?,
            number(&format!("{deeplesion}/interval_95/1"))?,
        ),
        format!(
            "{:.1} % and {:.1} %",
            number(&format!("{deeplesion}/sensitivity/3"))?,
            number(&format!("{deeplesion}/sensitivity/5"))?,
        ),
        format!(
            "{:.1} % ({:.1} to {:.1})",
            number(&format!("{nodules}/sensitivity/2"))?,
            number(&format!("{nodules}/interval_95/2/0"))?,
            number(&format!("{nodules}/interval_95/2/1"))?,
        ),
        format!(
            "{:.1} mm ({:.1} to {:.1})",
            number(&format!("{diameters}/median_abs"))?,
            number(&format!("{diameters}/median_abs_95/0"))?,
            number(&format!("{diameters}/median_abs_95/1"))?,
        ),
        format!(
            "{:.2} ({:.2} to {:.2})",
            number(&format!("{marks}/marks_per_slice"))?,
            number(&format!("{marks}/marks_per_slice_95/0"))?,
            number(&format!("{marks}/marks_per_slice_95/1"))?,
        ),
        read_files(conformance)?,
    ];
    let missing = quotes.iter().filter(|quote| !readme.contains(quote.as_str()));
    Ok(missing.map(|quote| format!("README.md: does not say {quote:?}, as its source does")).collect())
}

/// What the last line of the table in docs/conformance.md comes to.
fn read_files(conformance: &str) -> Result<String> {
    let sums = conformance.lines().find_map(|line| line.strip_prefix("| | all | ")).context("docs/conformance.md")?;
    let numbers: Vec<u32> = sums.split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    let [files, equal, within_1, _, refused] = numbers[..] else {
        anyhow::bail!("docs/conformance.md: {sums} has no five numbers");
    };
    Ok(format!("{} are read, {equal} equal to the last bit and {within_1} lossy ones within 1", files - refused))
}

/// Thousands set apart by commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("../../../README.md");
    const FIGURES: &str = include_str!("../../../training/results/figures.json");
    const CONFORMANCE: &str = include_str!("../../../docs/conformance.md");

    #[test]
    fn a_figure_that_changed_in_one_place_only_is_found() {
        let changed = check("", 1_234_567, FIGURES, CONFORMANCE).unwrap();
        assert_eq!(changed.len(), 7, "{changed:?}");
        let bytes = check(README, 1_234_567, FIGURES, CONFORMANCE).unwrap();
        assert!(bytes.contains(&"README.md: does not say \"1,234,567 bytes\", as its source does".to_string()));
        assert!(check(README, 0, "{}", CONFORMANCE).is_err());
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 1000, 935_904, 1_234_567].map(grouped), ["7", "1,000", "935,904", "1,234,567"]);
    }
}
