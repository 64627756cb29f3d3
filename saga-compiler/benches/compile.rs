//! How long the compiler takes, by the number of steps: tokens to text, and to the expansion as well.
//!
//! Throughput counts the bytes of the emitted definition.

use divan::Bencher;
use divan::counter::BytesCount;
use proc_macro2::TokenStream;
use quote::quote;
use saga_compiler::Compiled;

#[path = "../tests/it/many.rs"]
mod many;

const STEPS: [usize; 4] = [1, 10, 100, 400];

/// In blocks of eight.
const NESTED: [usize; 4] = [8, 96, 192, 384];

fn main() {
    for steps in STEPS {
        let bytes = compile(tokens(steps)).definitions()[0].text().len();
        println!("{steps} steps one after the other: {bytes} bytes");
    }
    for steps in NESTED {
        let bytes = compile(nested(steps)).definitions()[0].text().len();
        println!("{steps} steps in loops, branches and joins: {bytes} bytes");
    }
    divan::main();
}

fn tokens(steps: usize) -> TokenStream {
    many::module(steps).parse().unwrap()
}

fn nested(steps: usize) -> TokenStream {
    many::nested_module(steps).parse().unwrap()
}

fn compile(module: TokenStream) -> Compiled {
    saga_compiler::compile(TokenStream::new(), module)
        .ok()
        .unwrap()
}

#[divan::bench(args = STEPS)]
fn definition(bencher: Bencher<'_, '_>, steps: usize) {
    let bytes = compile(tokens(steps)).definitions()[0].text().len();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| tokens(steps))
        .bench_values(compile);
}

#[divan::bench(args = NESTED)]
fn nested_definition(bencher: Bencher<'_, '_>, steps: usize) {
    let bytes = compile(nested(steps)).definitions()[0].text().len();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| nested(steps))
        .bench_values(compile);
}

#[divan::bench(args = STEPS)]
fn definition_and_expansion(bencher: Bencher<'_, '_>, steps: usize) {
    bencher
        .with_inputs(|| tokens(steps))
        .bench_values(|module| {
            compile(module).expand(|definition| {
                let text = definition.text();
                quote!(#text)
            })
        });
}
