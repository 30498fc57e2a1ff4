//! Compressed copies beside the page's files, what the first detection downloads, and the budgets for that.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::compress::{Cache, brotli, gzip};
use crate::manifest::Budget;
use crate::project::{read, write};

/// Extensions of files that shrink and are worth a compressed copy.
const COMPRESSED: [&str; 8] = ["css", "html", "js", "json", "mjs", "onnx", "svg", "wasm"];
/// Extensions of files that lie in `dist/` without being part of the first detection.
const NOT_LOADED: [&str; 2] = ["md", "ts"];

/// Bytes of one group of files: as they are, after gzip, after brotli.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bytes {
    plain: usize,
    gzip: usize,
    brotli: usize,
}

/// What the first detection downloads.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    wasm: Bytes,
    model: Bytes,
    page: Bytes,
}

/// Writes `.br` and `.gz` copies and adds the sizes up.
pub(super) fn compress(dist: &Path, cache: &mut Cache, quality: u32) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let bytes = read(path)?;
        let mut size = Bytes { plain: bytes.len(), gzip: bytes.len(), brotli: bytes.len() };
        if COMPRESSED.contains(&extension) {
            let (br, gz) = (brotli(cache, &bytes, quality)?, gzip(cache, &bytes)?);
            (size.brotli, size.gzip) = (br.len(), gz.len());
            write(&path.with_extension(format!("{extension}.br")), &br)?;
            write(&path.with_extension(format!("{extension}.gz")), &gz)?;
        }
        if !NOT_LOADED.contains(&extension) {
            sizes.add(extension, size);
        }
    }
    Ok(sizes)
}

impl Sizes {
    fn add(&mut self, extension: &str, size: Bytes) {
        let group = match extension {
            "wasm" => &mut self.wasm,
            "onnx" => &mut self.model,
            _ => &mut self.page,
        };
        *group = group.plus(size);
    }

    fn rows(&self, budget: &Budget) -> [(&'static str, Bytes, usize); 4] {
        let total = self.wasm.plus(self.model).plus(self.page);
        [
            ("wasm", self.wasm, budget.wasm),
            ("model", self.model, budget.model),
            ("page", self.page, budget.page),
            ("total", total, budget.total),
        ]
    }

    /// A table for people.
    pub(super) fn table(&self, budget: &Budget) -> String {
        let mut table = format!("{:<6} {:>12} {:>12} {:>12} {:>12}\n", "bytes", "plain", "gzip", "brotli", "budget");
        for (name, size, limit) in self.rows(budget) {
            let Bytes { plain, gzip, brotli } = size;
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{name:<6} {plain:>12} {gzip:>12} {brotli:>12} {limit:>12}");
        }
        table
    }

    /// The same for programs: bytes of every group, plain, gzip and brotli.
    pub(super) fn json(&self, budget: &Budget) -> Value {
        let rows = self.rows(budget).into_iter();
        let group = |(name, Bytes { plain, gzip, brotli }, _)| {
            (String::from(name), json!({ "plain": plain, "gzip": gzip, "brotli": brotli }))
        };
        Value::Object(rows.map(group).collect())
    }

    /// An error that names every group above its budget.
    pub(super) fn enforce(&self, budget: &Budget) -> Result<()> {
        let rows = self.rows(budget).into_iter().filter(|(_, size, limit)| size.brotli > *limit);
        let over: Vec<_> =
            rows.map(|(name, size, limit)| format!("{name} is {} bytes, the budget {limit}", size.brotli)).collect();
        if !over.is_empty() {
            bail!("over the byte budgets of wasm-pack.toml (after brotli): {}", over.join("; "));
        }
        Ok(())
    }
}

impl Bytes {
    fn plus(self, other: Self) -> Self {
        Self { plain: self.plain + other.plain, gzip: self.gzip + other.gzip, brotli: self.brotli + other.brotli }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_written_and_every_loaded_file_counts_once() {
        let (dist, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = "score ".repeat(100);
        for name in ["pkg/a.wasm", "models/a.onnx", "models/README.md", "pkg/a.d.ts", "index.html", "icon.png"] {
            write(&dist.path().join(name), text.as_bytes()).unwrap();
        }
        let sizes = compress(dist.path(), &mut Cache::new(cache.path().to_path_buf()), 11).unwrap();
        assert!(dist.path().join("pkg/a.wasm.br").is_file() && dist.path().join("index.html.gz").is_file());
        assert!(!dist.path().join("icon.png.br").exists() && !dist.path().join("models/README.md.br").exists());
        let packed = read(&dist.path().join("index.html.br")).unwrap().len();
        assert_eq!(sizes.wasm.plain, 600);
        assert_eq!(sizes.page, Bytes { plain: 1200, gzip: sizes.wasm.gzip + 600, brotli: packed + 600 });
    }

    #[test]
    fn a_group_over_its_budget_fails_the_build_and_is_named() {
        let bytes = |brotli| Bytes { plain: 0, gzip: 0, brotli };
        let sizes = Sizes { wasm: bytes(10), model: bytes(20), page: bytes(5) };
        let budget = Budget { wasm: 10, model: 20, page: 5, total: 35 };
        assert!(sizes.enforce(&budget).is_ok());
        let tight = sizes.enforce(&Budget { model: 19, total: 34, ..budget }).unwrap_err().to_string();
        assert!(tight.contains("model is 20 bytes, the budget 19"), "{tight}");
        assert!(tight.contains("total is 35") && !tight.contains("wasm is"), "{tight}");
        assert!(sizes.table(&budget).contains("total"));
        assert_eq!(sizes.json(&budget)["total"]["brotli"], 35);
    }
}
