//! The store on DynamoDB: the very requests, what comes of the replies, and the cases that every store has to pass.

pub(crate) mod emulator;
mod events;
mod requests;
mod retries;
mod stub;
