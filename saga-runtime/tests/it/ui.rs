//! What rustc prints, at the user's own tokens: our messages, and its own where a name, a type or a borrow is wrong; and
//! nothing where nothing is.

#[test]
fn messages_point_at_the_users_tokens() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.pass("tests/ui/accepted/*.rs");
}
