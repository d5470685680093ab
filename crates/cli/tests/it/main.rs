//! The binary, as people and scripts use it: started as a process, on directories of its own.

// Tests may panic, and stand above `node`, where time and threads are free.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod backups;
mod commands;
mod container;
mod demo;
mod git_history;
mod git_truth;
mod help;
mod idle;
mod kafka;
mod keys;
mod kills;
mod logs;
mod one_key;
mod postgres;
mod sharing;
mod support;
