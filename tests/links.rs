//! Checks that every relative link in the Markdown files of the repository leads to a file and to a heading that exist.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn relative_links_resolve() {
    let root = Path::new(ROOT).canonicalize().unwrap();
    let mut pages = Vec::new();
    find_pages(&root, &mut pages);
    assert!(pages.iter().any(|page| page.ends_with("bins/guide/README.md")), "the guide was not found");
    let broken: Vec<String> = pages.iter().flat_map(|page| broken_links(&root, page)).collect();
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// Collects the Markdown files below a directory. Skips build results and hidden directories other than `.github`.
fn find_pages(directory: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_skipped =
            name == "target" || name == "node_modules" || name.starts_with('.') && name != ".github";
        if path.is_symlink() || is_skipped {
            continue;
        }
        if path.is_dir() {
            find_pages(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// The broken links of a page, each with its line and its problem.
fn broken_links(root: &Path, page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let place = page.strip_prefix(root).unwrap().display();
    let mut broken = Vec::new();
    for (number, line) in prose_lines(&text) {
        for target in targets(&line) {
            if let Some(problem) = problem(root, page, &target) {
                broken.push(format!("{place}:{number}: {target}: {problem}"));
            }
        }
    }
    broken
}

/// The problem with the target of a link; none if it is valid.
fn problem(root: &Path, page: &Path, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.to_path_buf() } else { page.parent().unwrap().join(file) };
    let Ok(path) = path.canonicalize() else { return Some("no such file".to_owned()) };
    if !path.starts_with(root) {
        return Some("outside the repository".to_owned());
    }
    let anchor = anchor?;
    if path.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let known = anchors(&fs::read_to_string(&path).unwrap());
    (!known.contains(anchor)).then(|| format!("no heading #{anchor}"))
}

/// The lines outside of code blocks with their numbers, without `inline code`.
fn prose_lines(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((index + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("code")));
        }
    }
    lines
}

/// The relative targets of all links `[text](target)` and images in a line.
fn targets(line: &str) -> Vec<String> {
    let ends = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let relative = ends.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    relative.map(str::to_owned).collect()
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(text: &str) -> HashSet<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut is_code = false;
    let mut anchors = HashSet::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if is_code || !(1..=6).contains(&level) || !title.starts_with(' ') {
            continue;
        }
        let slug = slug(title.trim());
        let count = seen.entry(slug.clone()).or_default();
        anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

/// The anchor of a heading: lower case, spaces as hyphens, other punctuation removed.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn a_heading_has_the_anchor_of_github() {
    let page =
        "# Read drift.json\n```\n# not a heading\n```\n## Hold, and `resume`\n## Hold, and `resume`\n#no";
    let expected = ["read-driftjson", "hold-and-resume", "hold-and-resume-1"].map(str::to_owned);
    assert_eq!(anchors(page), HashSet::from(expected));
}

#[test]
fn only_relative_links_are_checked() {
    let line = "[a](one.md#x) `[b](two.md)` [c](https://host.example/d) ![e](three.svg) [f](#g)";
    let (_, prose) = prose_lines(line).remove(0);
    assert_eq!(targets(&prose), ["one.md#x", "three.svg", "#g"]);
}
