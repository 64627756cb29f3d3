//! A choreography as one Terraform file: the text beside this file with who is there and who listens to whom.

use super::{aligned, in_module, list, tables};
use crate::template::fill::{fill, lines};
use crate::template::names::snake;
use crate::template::needs::Function;
use crate::template::paths::Paths;
use crate::template::services::{Deployment, RELAY_SECONDS, Service};

const TEXT: &str = include_str!("choreography.tf");

pub(in crate::template) fn render(all: &Deployment, paths: &Paths) -> String {
    let services = all.services.iter();
    let functions = services.clone().map(|service| &service.function);
    let tables = functions.clone().flat_map(tables).collect();
    // All have the same; there is one at least.
    let timeout = functions.map(Function::timeout).max().unwrap_or_default();
    let visibility = services.clone().map(Service::visibility).max();
    fill(
        TEXT,
        &[
            ("workspace", &in_module(paths.workspace())),
            ("fifo", &all.fifo.to_string()),
            ("relay", &all.relay),
            (
                "services",
                &lines(4, aligned(services.clone().map(service).collect())),
            ),
            ("tables", &lines(4, aligned(tables))),
            (
                "subscriptions",
                &lines(4, aligned(services.flat_map(subscriptions).collect())),
            ),
            ("timeout", &timeout.to_string()),
            ("relay_timeout", &RELAY_SECONDS.to_string()),
            ("visibility", &visibility.unwrap_or_default().to_string()),
        ],
    )
}

/// `stock = { binary = "order_events_stock", prefix = "${var.name}-stock-", tables = ["shelves"], publishes = true, receives = [5, 10] }`
fn service(service: &Service) -> (String, String) {
    let function = &service.function;
    let tables = function.tables.iter().map(|table| table.name.as_str());
    let value = format!(
        "{{ binary = \"{}\", prefix = \"{}\", tables = {}, publishes = {}, receives = [{}, {}] }}",
        function.binary,
        super::prefix(function),
        list(tables),
        service.publishes,
        service.receives(),
        service.silent_receives()
    );
    (snake(&function.id), value)
}

/// `"stock.orders" = { by = "stock", to = "orders", types = ["OrderPlaced"] }`
fn subscriptions(service: &Service) -> Vec<(String, String)> {
    let by = snake(&service.function.id);
    let rows = service.subscriptions.iter().map(|subscription| {
        let to = snake(&subscription.to);
        let types = list(subscription.types.iter().map(String::as_str));
        let value = format!("{{ by = \"{by}\", to = \"{to}\", types = {types} }}");
        (format!("\"{by}.{to}\""), value)
    });
    rows.collect()
}
