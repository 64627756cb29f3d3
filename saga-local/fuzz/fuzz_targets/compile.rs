//! Any tokens are compiled or refused, as sagas and as a choreography: what is emitted is a valid definition, or a contract that can be
//! read, and what is expanded is Rust.
//!
//! Options of the attribute may stand before the module, in a line that ends in `=>`.

#![no_main]

use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target};
use proc_macro2::TokenStream;
use saga_compiler::choreography;
use saga_fuzz::rust;

fuzz_target!(|text: &str| {
    let (options, module) = text.split_once("=>\n").unwrap_or(("", text));
    let options = options.parse::<TokenStream>();
    if let (Ok(options), Ok(module)) = (options, module.parse::<TokenStream>()) {
        check_sagas(options.clone(), module.clone());
        check_choreography(options, module);
    }
    proc_macro2::extra::invalidate_current_thread_spans();
});

fn check_sagas(options: TokenStream, module: TokenStream) {
    let compiled = saga_compiler::compile(options, module);
    if let Ok(compiled) = &compiled {
        for definition in compiled.definitions() {
            if !definition.is_unresolved() {
                let read = saga_asl::parse(definition.text());
                assert!(read.is_ok(), "{}\n{}", definition.text(), read.unwrap_err());
            }
        }
    }
    let expanded = match compiled {
        Ok(compiled) => compiled.expand(|_| quote::quote!("")),
        Err(failed) => failed.expand(),
    };
    check_rust(&expanded);
}

fn check_choreography(options: TokenStream, module: TokenStream) {
    let compiled = choreography::compile(options, module);
    if let Ok(compiled) = &compiled {
        let contract = compiled.contract().to_json();
        let read = choreography::Contract::from_json(&contract);
        assert_eq!(read.as_ref(), Ok(compiled.contract()), "{contract}");
        let document = serde_json::from_str::<serde_json::Value>(compiled.asyncapi());
        assert!(document.is_ok(), "{}", compiled.asyncapi());
    }
    let expanded = match compiled {
        Ok(compiled) => compiled.expand(&quote::quote!(""), &quote::quote!("")),
        Err(failed) => failed.expand(),
    };
    check_rust(&expanded);
}

/// What is no module, or nests too deep to be read, leaves nothing but its errors.
fn check_rust(expanded: &TokenStream) {
    let parsed = syn::parse2::<syn::File>(expanded.clone());
    assert!(parsed.is_ok(), "the expansion is no Rust:\n{expanded}");
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    saga_fuzz::mutate(data, size, max_size, seed, rust::mutate)
});

fuzz_crossover!(|one: &[u8], other: &[u8], out: &mut [u8], seed: u32| {
    saga_fuzz::cross(one, other, out, seed, rust::cross)
});
