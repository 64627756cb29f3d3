//! What stands in `Err`: an enum or a struct, and the names by which its errors are known.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Field, Fields, Item, ItemEnum, ItemMod, ItemStruct, Variant};

use super::{cfgs, foreign_attributes, items};
use crate::{ir, names};

/// The enum without `#[transient]`, which only we understand.
pub(super) fn strip(item: &ItemEnum) -> TokenStream {
    let mut item = item.clone();
    for variant in &mut item.variants {
        let kept = foreign_attributes(&variant.attrs, &["transient"])
            .cloned()
            .collect();
        variant.attrs = kept;
    }
    item.into_token_stream()
}

pub(super) fn expand_error_enum(
    module: &ItemMod, saga: &ir::Saga, error: &ir::ErrorEnum,
) -> TokenStream {
    let found = items(module).iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == error.ident => Some(item),
        _ => None,
    });
    match found {
        Some(item) => expand_error(&saga.krate, ErrorItem::Enum(item), &error.variants, None),
        None => TokenStream::new(),
    }
}

/// What stands in `Err`.
#[derive(Clone, Copy)]
pub(crate) enum ErrorItem<'a> {
    Enum(&'a ItemEnum),
    /// One error.
    Struct(&'a ItemStruct),
}

impl<'a> ErrorItem<'a> {
    pub(crate) fn of(item: &'a Item) -> Option<Self> {
        match item {
            Item::Enum(item) => Some(Self::Enum(item)),
            Item::Struct(item) => Some(Self::Struct(item)),
            _ => None,
        }
    }

    pub(crate) fn ident(self) -> &'a Ident {
        match self {
            Self::Enum(item) => &item.ident,
            Self::Struct(item) => &item.ident,
        }
    }

    fn attributes(self) -> &'a [Attribute] {
        match self {
            Self::Enum(item) => &item.attrs,
            Self::Struct(item) => &item.attrs,
        }
    }

    /// The arms that name an error, and all names: what the definition's retriers and catchers are made from.
    fn types(self) -> (Vec<TokenStream>, Vec<TokenStream>) {
        match self {
            Self::Enum(item) => expand_types(item),
            Self::Struct(item) => {
                let name = names::plain(&item.ident);
                (vec![quote!(Self { .. } => #name,)], vec![quote!(#name)])
            }
        }
    }

    /// The arms that show what an error holds.
    fn data(self, krate: &TokenStream) -> Vec<TokenStream> {
        match self {
            Self::Enum(item) => {
                let variants = item.variants.iter();
                let data = variants.map(|variant| {
                    let (cfgs, ident) = (cfgs(&variant.attrs), &variant.ident);
                    let arm = expand_data(krate, &quote!(Self::#ident), &variant.fields);
                    quote!(#(#cfgs)* #arm)
                });
                data.collect()
            }
            Self::Struct(item) => vec![expand_data(krate, &quote!(Self), &item.fields)],
        }
    }

    /// The arms of the errors that are worth another try.
    fn transients(self, variants: &[ir::ErrorVariant]) -> Vec<TokenStream> {
        let Self::Enum(item) = self else {
            return Vec::new();
        };
        let both = variants.iter().zip(&item.variants);
        let transients = both
            .filter(|(variant, _)| variant.transient)
            .map(|(_, item)| {
                let (cfgs, ident) = (cfgs(&item.attrs), &item.ident);
                quote!(#(#cfgs)* Self::#ident { .. } => true,)
            });
        transients.collect()
    }
}

/// `impl StepError`; `others` are methods besides.
pub(crate) fn expand_error(
    krate: &TokenStream, item: ErrorItem<'_>, variants: &[ir::ErrorVariant],
    others: Option<&TokenStream>,
) -> TokenStream {
    let name = item.ident();
    let (types, table) = item.types();
    let transients = item.transients(variants);
    let data = item.data(krate);
    let cfgs = cfgs(item.attributes());
    // The user's span: an enum without `Display` is shown at its own name.
    let message = quote_spanned! {name.span()=>
        fn message(&self) -> ::std::string::String {
            #krate::__private::Message::text(self)
        }
    };
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #krate::StepError for #name {
            const TYPES: &'static [&'static str] = &[#(#table),*];
            fn error_type(&self) -> &'static str {
                match self { #(#types)* }
            }
            fn is_transient(&self) -> bool {
                #[allow(unreachable_patterns, clippy::match_like_matches_macro)]
                match self { #(#transients)* _ => false }
            }
            #message
            fn data(&self) -> ::core::result::Result<#krate::__private::serde_json::Value, #krate::__private::serde_json::Error> {
                match self { #(#data)* }
            }
            #others
        }
    }
}

/// The arms that name a variant, and all names: what the definition's retriers and catchers are made from.
fn expand_types(item: &ItemEnum) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let expand_type = |variant: &Variant| {
        let (cfgs, ident) = (cfgs(&variant.attrs), &variant.ident);
        let (cfgs, name): (Vec<_>, _) = (cfgs.collect(), names::error_name(&item.ident, ident));
        (
            quote!(#(#cfgs)* Self::#ident { .. } => #name,),
            quote!(#(#cfgs)* #name),
        )
    };
    item.variants.iter().map(expand_type).unzip()
}

/// The variant's data as JSON: nothing, one value, an array, or an object by field names.
fn expand_data(krate: &TokenStream, path: &TokenStream, fields: &Fields) -> TokenStream {
    let value = quote!(#krate::__private::serde_json::Value);
    let to_value = quote!(#krate::__private::serde_json::to_value);
    match fields {
        Fields::Unit => quote!(#path => ::core::result::Result::Ok(#value::Null),),
        Fields::Named(fields) => {
            let shown = || fields.named.iter().filter(|field| !is_source(field));
            let patterns = shown().map(|field| {
                let (cfgs, ident) = (self::cfgs(&field.attrs), &field.ident);
                quote!(#(#cfgs)* #ident,)
            });
            let pairs = shown().filter_map(|field| {
                let (cfgs, ident) = (self::cfgs(&field.attrs), field.ident.as_ref()?);
                let key = names::plain(ident);
                Some(quote!(#(#cfgs)* (::core::convert::From::from(#key), #to_value(#ident)?),))
            });
            quote! {
                #path { #(#patterns)* .. } => ::core::result::Result::Ok(#value::Object(
                    ::core::iter::FromIterator::from_iter([#(#pairs)*] as [(::std::string::String, #value); _])
                )),
            }
        }
        Fields::Unnamed(fields) => {
            let bound: Vec<_> = (0..fields.unnamed.len())
                .map(|index| format_ident!("field_{index}"))
                .collect();
            let patterns = fields.unnamed.iter().zip(&bound).map(|(field, bound)| {
                if is_source(field) {
                    quote!(_)
                } else {
                    quote!(#bound)
                }
            });
            let shown: Vec<_> = fields
                .unnamed
                .iter()
                .zip(&bound)
                .filter(|(field, _)| !is_source(field))
                .map(|(_, bound)| bound)
                .collect();
            let data = match shown.as_slice() {
                [] => quote!(::core::result::Result::Ok(#value::Null)),
                [only] => quote!(#to_value(#only)),
                several => {
                    quote!(::core::result::Result::Ok(#value::Array(::core::convert::From::from([#(#to_value(#several)?),*]))))
                }
            };
            quote!(#path(#(#patterns),*) => #data,)
        }
    }
}

/// A cause inside the process, which says nothing to a saga and seldom has JSON.
fn is_source(field: &Field) -> bool {
    let named_source = field.ident.as_ref().is_some_and(|ident| ident == "source");
    named_source
        || field.attrs.iter().any(|attribute| {
            ["source", "from", "backtrace"]
                .iter()
                .any(|name| attribute.path().is_ident(name))
        })
}
