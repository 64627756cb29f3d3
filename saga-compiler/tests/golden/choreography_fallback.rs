::core::compile_error! {
    "this module has no event `OrderPlacd`; did you mean `OrderPlaced`?"
}
#[allow(unused_imports, dead_code)]
/// An order across four services, without an orchestrator.
pub mod order_events {
    use saga_runtime::prelude::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct PlaceOrder {
        pub order_id: String,
        pub lines: Vec<Line>,
        pub card: String,
        pub total: u64,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line {
        pub sku: String,
        pub quantity: u32,
    }
    /// Somebody wants something.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderPlaced {
        pub order: PlaceOrder,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReserved {
        pub order: PlaceOrder,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct CardCharged {
        pub order: PlaceOrder,
        pub charge: String,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct ParcelSent {
        pub order_id: String,
        pub tracking: String,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCompleted {
        pub order_id: String,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReleased {
        pub lines: Vec<Line>,
    }
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCancelled {
        pub order_id: String,
    }
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum StockRefused {
        #[error("{sku} is out of stock")]
        OutOfStock { sku: String },
        #[error("the warehouse is busy")]
        Busy,
    }
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined")]
    pub struct CardDeclined {
        pub order_id: String,
    }
    #[derive(Debug, thiserror::Error)]
    pub enum OrderError {
        #[error("order {order_id} exists already")]
        Exists { order_id: String },
    }
    pub trait Orders {
        fn place(
            &self,
            tx: &mut Tx,
            cmd: PlaceOrder,
        ) -> impl ::core::future::Future<
            Output = Result<OrderPlaced, OrderError>,
        > + ::core::marker::Send;
        fn cancel(
            &self,
            tx: &mut Tx,
            placed: &OrderPlaced,
        ) -> impl ::core::future::Future<
            Output = Result<OrderCancelled, Retry>,
        > + ::core::marker::Send;
        fn complete(
            &self,
            tx: &mut Tx,
            sent: &ParcelSent,
        ) -> impl ::core::future::Future<
            Output = Result<OrderCompleted, Retry>,
        > + ::core::marker::Send;
    }
    pub trait Stock {
        /// Takes it off the shelf.
        fn reserve(
            &self,
            tx: &mut Tx,
            placed: &OrderPlaced,
        ) -> impl ::core::future::Future<
            Output = Result<StockReserved, StockRefused>,
        > + ::core::marker::Send;
        fn release(
            &self,
            tx: &mut Tx,
            held: StockReserved,
        ) -> impl ::core::future::Future<
            Output = Result<StockReleased, Retry>,
        > + ::core::marker::Send;
    }
    pub trait Payments {
        fn charge(
            &self,
            tx: &mut Tx,
            reserved: &StockReserved,
        ) -> impl ::core::future::Future<
            Output = Result<CardCharged, CardDeclined>,
        > + ::core::marker::Send;
    }
    pub trait Shipping {
        fn ship(
            &self,
            tx: &mut Tx,
            charged: &CardCharged,
        ) -> impl ::core::future::Future<
            Output = Result<ParcelSent, Retry>,
        > + ::core::marker::Send;
    }
    #[doc(hidden)]
    pub const ORDER_EVENTS: ::saga_runtime::Choreography = ::saga_runtime::Choreography::new(
        "order_events",
        "",
        "",
        &[],
    );
    impl ::saga_runtime::Event for OrderPlaced {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for StockReserved {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for CardCharged {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for ParcelSent {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for OrderCompleted {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for StockReleased {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for OrderCancelled {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for StockRefused {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::StepError for StockRefused {
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
    impl ::saga_runtime::Event for CardDeclined {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::StepError for CardDeclined {
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
    impl ::saga_runtime::StepError for OrderError {
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
    pub fn serve_orders<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    pub const ORDERS_PLACE: ::saga_runtime::Command<PlaceOrder> = ::saga_runtime::Command::new(
        "",
    );
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_stock<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_payments<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_shipping<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
}
