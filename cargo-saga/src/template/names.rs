//! Every name that a template invents. Decides nothing else.

/// The compiler's own rule: the names of steps begin so.
pub(crate) use saga_compiler::participant_name as snake;

/// `place_order` -> `PlaceOrder`, as in `${PlaceOrderStateMachineArn}`.
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// `order_book` -> `order-book`: what stands before the names of its tables, after the stack's.
pub(super) fn kebab(name: &str) -> String {
    name.replace(['_', '.'], "-")
}

/// `["a", "b", "c"]` -> `a, b and c`, each in backticks.
pub(crate) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
