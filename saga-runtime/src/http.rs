//! The HTTP client under the SDK: HTTP/1.1, the only one that DynamoDB speaks, over TLS by rustls and ring. Knows no service.
//!
//! The SDK's own client brings HTTP/2, proxies and more along, 0.4 MB in each function, and reads the system's
//! certificates when it is told to validate a configuration. This one reads them at the first call.

use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

type Hyper = Client<HttpsConnector<TcpConnector>, SdkBody>;

/// A client that opens and reads nothing before its first call, which says how long connections are awaited.
pub fn lazy_client() -> SharedHttpClient {
    let hyper: Arc<OnceLock<Hyper>> = Arc::default();
    http_client_fn(move |settings, _| {
        SharedHttpConnector::new(Connector {
            hyper: Arc::clone(&hyper),
            settings: settings.clone(),
        })
    })
}

#[derive(Debug)]
struct Connector {
    hyper: Arc<OnceLock<Hyper>>,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let hyper = self.hyper.get_or_init(|| connect(&self.settings));
        let replying = hyper.request(request);
        let limit = self.settings.read_timeout();
        HttpConnectorFuture::new(async move {
            let reply = match limit {
                None => replying.await,
                Some(limit) => timeout(limit, replying)
                    .await
                    .map_err(|late| ConnectorError::timeout(late.into()))?,
            };
            let reply = reply.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(reply.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn connect(settings: &HttpConnectorSettings) -> Hyper {
    let mut tcp = TcpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(settings.connect_timeout());
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(tls())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(tls)
}

/// The system's certificates; where there are none, only an emulator without TLS can be reached.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // Named, because another crate of the program may bring a second provider along.
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|_| unreachable!("ring has the ciphers of TLS 1.2 and 1.3"))
        .with_root_certificates(roots)
        .with_no_client_auth()
}
