//! What rustc prints, at the user's own tokens: our messages, and its own where a name, a type or a borrow is wrong.

#[test]
fn messages_point_at_the_users_tokens() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
