//! The commands: each reads its arguments, makes its calls, and prints the answer.

pub(crate) mod append;
pub(crate) mod backup;
pub(crate) mod database;
pub(crate) mod export;
pub(crate) mod follow;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod input;
pub(crate) mod key;
pub(crate) mod projection;
pub(crate) mod read;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod stats;
pub(crate) mod verify;
