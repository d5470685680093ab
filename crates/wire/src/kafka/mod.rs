//! The Kafka protocol: one file for each request.
//!
//! ```text
//! socket -> frame -> header -> request -> node
//! connection          reader    one file for each: fetch, produce, join_group, ...
//! ```
//!
//! * A database is a topic of one partition, `shop`; a category of it is one of several,
//!   `shop.account`: see `topic`. The offset of a record is the position of its event.
//! * Requests are read by own code (`reader`), because their lengths come from strangers: a count
//!   is never believed before its items are there. Answers are written by `kafka-protocol`, which is
//!   generated from Kafka's own schemas.
//! * Requests of a connection are answered one after the other, in order.
//! * Consumer groups live in memory (`group`, `groups`); what they have read is kept in `_system`
//!   (`cursors`).

mod api;
mod api_versions;
mod batch;
mod code;
mod compression;
mod connection;
mod create_topics;
mod cursors;
mod delete_groups;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod event;
mod fetch;
mod find_coordinator;
pub(crate) mod fuzz;
mod group;
mod groups;
mod guest;
mod header;
mod heartbeat;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_groups;
mod list_offsets;
mod metadata;
mod offset;
mod offset_commit;
mod offset_fetch;
mod produce;
mod reader;
mod reads;
mod record;
mod records;
mod renumber;
mod request;
mod sequences;
mod session;
mod settling;
mod sync_group;
mod topic;
mod walk;

pub(crate) use connection::{refuse, serve};
pub(crate) use groups::{Groups, upkeep};
pub(crate) use guest::read_plain;
pub(crate) use sequences::Sequences;
pub(crate) use settling::Settling;
