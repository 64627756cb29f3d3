//! Sagas that nobody wrote: legal ones compile to legal definitions, and no tokens at all make the compiler panic.

use proc_macro2::{Group, TokenStream, TokenTree};
use proptest::prelude::*;

use crate::source::{Kind, Step, module};
use crate::support::{BASE, compile, definitions};

fn step(kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = Step> {
    let arguments = prop::collection::vec(0..1_000_usize, 0..4);
    let again = prop::option::weighted(0.2, 0..12_usize);
    (
        kind,
        any::<bool>(),
        0..3_usize,
        0..2_usize,
        arguments,
        0..64_u8,
        again,
    )
        .prop_map(
            |(kind, external, rejections, transients, arguments, policy, again)| {
                // What comes at or after the point of no return is not rejected; nor is what may come there.
                let rejections = match kind {
                    Kind::Retriable | Kind::ReadOnly => 0,
                    Kind::Compensatable | Kind::Pivot => rejections,
                };
                Step {
                    kind,
                    external,
                    rejections,
                    transients,
                    arguments,
                    policy,
                    again,
                }
            },
        )
}

/// `(compensatable | read_only)*`, at most one pivot, `(retriable | read_only)*`
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let before = prop_oneof![Just(Kind::Compensatable), Just(Kind::ReadOnly)];
    let after = prop_oneof![Just(Kind::Retriable), Just(Kind::ReadOnly)];
    let before = prop::collection::vec(step(before), 0..7);
    let pivot = prop::collection::vec(step(Just(Kind::Pivot)), 0..2);
    let after = prop::collection::vec(step(after), 0..5);
    let steps =
        (before, pivot, after).prop_map(|(before, pivot, after)| [before, pivot, after].concat());
    steps.prop_filter("a saga has a step", |steps| !steps.is_empty())
}

/// A change of one token somewhere in a module.
#[derive(Clone, Debug)]
enum Mutation {
    Delete,
    Double,
    /// By the token at this place.
    Replace(usize),
}

fn mutation() -> impl Strategy<Value = (usize, Mutation)> {
    let mutation = prop_oneof![
        Just(Mutation::Delete),
        Just(Mutation::Double),
        any::<usize>().prop_map(Mutation::Replace),
    ];
    (any::<usize>(), mutation)
}

/// All token trees, outer ones first.
fn flatten(tokens: TokenStream, all: &mut Vec<TokenTree>) {
    for token in tokens {
        all.push(token.clone());
        if let TokenTree::Group(group) = token {
            flatten(group.stream(), all);
        }
    }
}

fn mutate(
    tokens: TokenStream, place: &mut usize, mutation: &Mutation, all: &[TokenTree],
) -> TokenStream {
    let mut mutated = Vec::new();
    for token in tokens {
        let here = *place == 0;
        *place = place.wrapping_sub(1);
        match (here, mutation) {
            (true, Mutation::Delete) => {}
            (true, Mutation::Double) => mutated.extend([token.clone(), token]),
            (true, Mutation::Replace(by)) => mutated.push(all[by % all.len()].clone()),
            (false, _) => mutated.push(match token {
                TokenTree::Group(group) => {
                    let inner = mutate(group.stream(), place, mutation, all);
                    TokenTree::Group(Group::new(group.delimiter(), inner))
                }
                token => token,
            }),
        }
    }
    mutated.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn legal_sagas_become_legal_definitions(steps in steps(), deadline: bool, fail: bool) {
        let mut options = Vec::new();
        if deadline {
            options.push(r#"deadline = "15m""#);
        }
        if fail {
            options.push("on_stuck = fail");
        }
        let options = options.join(", ");
        let source = module(&steps, |index| format!("v{index}"));
        let texts = definitions(&options, &source);
        prop_assert_eq!(&texts, &definitions(&options, &source), "the same source, the same bytes");
        let renamed = definitions(&options, &module(&steps, |index| format!("w{index}")));
        let expected = texts[0].replace("\"v", "\"w").replace("$v", "$w");
        prop_assert_eq!(&renamed[0], &expected, "a renamed local changes nothing but that name");
        let states = texts[0].matches(r#""Type": "#).count();
        let compensations = texts[0].matches(r#""phase": "compensation""#).count();
        prop_assert!(states <= steps.len() + compensations + 4, "no state but steps, compensations and the end");
        prop_assert!(!texts[0].contains("Pass"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_the_compiler_panic(mutations in prop::collection::vec(mutation(), 1..5)) {
        let mut tokens: TokenStream = BASE.parse().unwrap();
        for (place, mutation) in &mutations {
            let mut all = Vec::new();
            flatten(tokens.clone(), &mut all);
            if all.is_empty() {
                break;
            }
            let mut place = place % all.len();
            tokens = mutate(tokens, &mut place, mutation, &all);
        }
        let is_module = syn::parse2::<syn::ItemMod>(tokens.clone()).is_ok();
        let expanded = match saga_compiler::compile(TokenStream::new(), tokens.clone()) {
            Ok(compiled) => compiled.expand(|_| quote::quote!("")),
            Err(failed) => failed.expand(),
        };
        if is_module {
            let parsed = syn::parse2::<syn::File>(expanded.clone());
            prop_assert!(parsed.is_ok(), "the expansion is no Rust:\n{}\n{}", tokens, expanded);
        }
        // Options are tokens of the user's as well.
        let _ = saga_compiler::compile(tokens, BASE.parse().unwrap());
    }
}

/// Options are read by hand, so any tokens may stand there.
#[test]
fn no_options_make_the_compiler_panic() {
    let fragments = [
        "deadline", "=", "\"1s\"", ",", "(", "on_stuck", "park", "1", "crate", "::", ")", "#",
        "retry", "'a",
    ];
    for a in fragments {
        for b in fragments {
            for c in fragments {
                let Ok(options) = format!("{a} {b} {c}").parse() else {
                    continue;
                };
                let _ = saga_compiler::compile(options, BASE.parse().unwrap());
                let _ = compile(&BASE.replace("compensate = release", &format!("{a} {b} {c}")));
            }
        }
    }
}
