//! What the documents say is what the code does.

use hammerdesk_commands::grammar;

fn repository(path: &str) -> String {
    let full = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{full}: {error}"))
}

#[test]
fn the_readme_lists_exactly_the_commands_of_the_grammar() {
    let readme = repository("README.md");
    let listed: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `/")).collect();
    let known: Vec<String> = grammar::leaves()
        .iter()
        .map(|leaf| format!("| `{}` | {} |", leaf.usage(), leaf.about()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_gives_the_two_commands() {
    let readme = repository("README.md");
    for command in ["$ cargo run --release -- demo", "$ cargo test --workspace"] {
        assert!(readme.lines().any(|line| line == command), "{command}");
    }
}

#[test]
fn every_decision_is_in_the_list() {
    let list = repository("docs/decisions/README.md");
    let folder = format!("{}/docs/decisions", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || list.contains(&format!("({name})")),
            "{name} is not listed"
        );
    }
}
