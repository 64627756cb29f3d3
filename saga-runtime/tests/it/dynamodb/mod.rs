//! The store on DynamoDB: the very requests, what comes of the replies, and the cases that every store has to pass.

mod emulator;
mod requests;
mod retries;
mod stub;
