//! Every name that a template invents. Decides nothing else.

/// `place_order` -> `PlaceOrder`, as in `${PlaceOrderStateMachineArn}`.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// `OrderBook` -> `order_book`, `HTTPApi` -> `http_api`: a participant's name, as in `order_book.open`.
pub(super) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after_word =
            before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
        let after_acronym = before.is_some_and(|before| before.is_uppercase())
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_word || after_acronym) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// `order_book` -> `order-book`: what stands before the names of its tables, after the stack's.
pub(super) fn kebab(name: &str) -> String {
    name.replace(['_', '.'], "-")
}

/// `["a", "b", "c"]` -> `a, b and c`, each in backticks.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
