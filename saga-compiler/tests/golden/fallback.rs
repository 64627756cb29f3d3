::core::compile_error! {
    "unknown `#[step]` option `pivto`; did you mean `pivot`? the options are `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`"
}
#[allow(unused_imports, dead_code)]
pub mod shop {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)]
    pub struct Cmd {
        pub id: String,
        pub lines: Vec<String>,
        pub total: u64,
        pub note: Option<String>,
        pub to: Address,
    }
    #[derive(Serialize, Deserialize)]
    pub struct Address {
        pub city: String,
    }
    #[derive(Serialize, Deserialize)]
    pub struct Hold {
        pub id: String,
    }
    pub enum StockError {
        OutOfStock { sku: String },
        Busy,
    }
    pub trait Stock {
        fn reserve(
            &self,
            tx: &mut Tx,
            order: &str,
            lines: &[String],
        ) -> impl ::core::future::Future<
            Output = Result<Hold, StockError>,
        > + ::core::marker::Send;
        fn release(
            &self,
            tx: &mut Tx,
            order: &str,
            hold: Hold,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    pub trait Payments {
        fn charge(
            &self,
            cx: &Context,
            order: &str,
            total: u64,
        ) -> impl ::core::future::Future<
            Output = Result<String, StockError>,
        > + ::core::marker::Send;
    }
    fn no_flow() {}
    pub trait Mail {
        fn send(
            &self,
            cx: &Context,
            text: &str,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    impl ::saga_runtime::StepError for StockError {
        const TYPES: &'static [&'static str] = &[];
        fn error_type(&self) -> &'static str {
            ::saga_runtime::__private::never_run()
        }
        fn is_transient(&self) -> bool {
            ::saga_runtime::__private::never_run()
        }
        fn message(&self) -> ::std::string::String {
            ::saga_runtime::__private::never_run()
        }
        fn data(
            &self,
        ) -> ::core::result::Result<
            ::saga_runtime::__private::serde_json::Value,
            ::saga_runtime::__private::serde_json::Error,
        > {
            ::saga_runtime::__private::never_run()
        }
    }
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_stock<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_payments<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_mail<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    pub const SHOP: ::saga_runtime::Saga<Cmd, Hold> = ::saga_runtime::Saga::new(
        "shop",
        "",
        &[],
        &[],
    );
}
