//! What a Python file of a package imports from it, by the lines that say so.

/// Rooms of the package that a file imports from: by `from ..room.file import x`, `from .. import room`,
/// `from .file import x` and `import package.room`. `file` is the path inside the package, as `room/file.py`.
pub(super) fn rooms(package: &str, file: &str, text: &str) -> Vec<String> {
    let folders: Vec<_> = file.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        let (path, names) = match (line.strip_prefix("from "), line.strip_prefix("import ")) {
            (Some(from), _) => match from.split_once(" import ") {
                Some((path, names)) => (path.trim(), names),
                None => continue,
            },
            (None, Some(path)) => (path.split([' ', ',']).next().unwrap_or_default(), ""),
            (None, None) => continue,
        };
        let n_dots = path.chars().take_while(|character| *character == '.').count();
        // Names from the package's root on.
        let mut parts: Vec<&str> = Vec::new();
        if n_dots == 0 {
            match path.strip_prefix(package) {
                Some(inside) if inside.is_empty() || inside.starts_with('.') => {
                    parts.extend(inside.split('.').filter(|part| !part.is_empty()));
                }
                _ => continue,
            }
        } else {
            parts.extend(folders.iter().take((folders.len() + 1).saturating_sub(n_dots)));
            parts.extend(path[n_dots..].split('.').filter(|part| !part.is_empty()));
        }
        match parts.first() {
            Some(room) => found.push((*room).to_string()),
            // `from .. import a, b`: rooms or files at the root themselves.
            None => found.extend(names.split(',').filter_map(|name| {
                let name = name.trim_matches(['(', ')', ' ']).split(' ').next()?;
                (!name.is_empty()).then(|| name.to_string())
            })),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms_of(file: &str, text: &str) -> Vec<String> {
        rooms("package", file, text)
    }

    #[test]
    fn relative_imports_are_counted_from_the_file() {
        let text = "from ..data.cache import a\nfrom .. import spec, lesion as l\nfrom .net import b\nfrom . import c\n    from ..run import d";
        assert_eq!(rooms_of("net/export.py", text), ["data", "spec", "lesion", "net", "net", "run"]);
        assert_eq!(rooms_of("pipeline.py", "from .data.cache import a\nfrom . import spec"), ["data", "spec"]);
    }

    #[test]
    fn absolute_imports_of_the_package_count_and_those_of_others_do_not() {
        let text = "import numpy as np\nfrom package.judge.sets import a\nimport package.show.card\nimport packages.x\nfrom packaged import y\n\"from here on\"";
        assert_eq!(rooms_of("data/cache.py", text), ["judge", "show"]);
    }
}
