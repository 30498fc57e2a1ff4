//! Tests that a program of tests left out, by name and reason, from what it printed.

/// From node's TAP: `ok 3 - name # SKIP reason`.
pub(super) fn by_node(tap: &str) -> Vec<String> {
    let skipped = tap.lines().filter_map(|line| line.trim().strip_prefix("ok ")?.split_once(" # SKIP"));
    skipped
        .map(|(test, reason)| {
            let name = test.split_once(" - ").map_or(test, |(_, name)| name);
            format!("{name}: {}", reason.trim())
        })
        .collect()
}

/// How many tests passed, from the closing lines of node's TAP.
pub(super) fn n_passed_by_node(tap: &str) -> usize {
    tap.lines().filter_map(|line| line.strip_prefix("# pass ")?.parse::<usize>().ok()).sum()
}

/// From pytest's summary with `-rs`: `SKIPPED [2] file.py:12: reason`, once for each test.
pub(super) fn by_pytest(printed: &str) -> Vec<String> {
    let lines = printed.lines().filter_map(|line| line.strip_prefix("SKIPPED [")?.split_once("] "));
    lines.flat_map(|(n, test)| vec![test.to_string(); n.parse().unwrap_or(1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_skipped_tests_are_named() {
        let tap = "TAP version 13\n# Subtest: a study\n    # Subtest: dropped\n    ok 1 - dropped\n      ---\n    \
                   ok 2 - real slices # SKIP ../shared/data is absent\nok 1 - a study\n# tests 2\n# pass 1\n# skipped 1\n";
        assert_eq!(by_node(tap), ["real slices: ../shared/data is absent"]);
        assert_eq!(n_passed_by_node(tap), 1);
    }

    #[test]
    fn pytests_skipped_tests_are_counted() {
        let printed = "tests/test_a.py ss. [100%]\nSKIPPED [2] tests/test_a.py:20: not built\n1 passed, 2 skipped\n";
        assert_eq!(by_pytest(printed), ["tests/test_a.py:20: not built"; 2]);
    }
}
