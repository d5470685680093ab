//! Simulation of crashes: a disk that loses what was not synced, under the real disk storage and
//! the real journal.
//!
//! One thread takes every step, and all chance comes from a seed: the same seed gives the same
//! trace. [`World`] drives a log through lives and crashes and holds what it finds against
//! [`Model`], a log in the simplest way; [`Outcomes`] does so with a storage in memory that answers as
//! it likes. Nothing depends on this crate.

mod backups;
mod damage;
mod disk;
mod env;
mod meanwhile;
mod model;
mod outcomes;
mod platter;
mod random;
mod seen;
mod submitted;
mod tried;
mod workload;
mod world;

pub use damage::Damage;
pub use disk::{Durable, Faults, SimDisk, Synced};
pub use env::SimEnv;
pub use model::{Model, Verdict, is_written};
pub use outcomes::Outcomes;
pub use platter::{SECTOR_BYTES, Survival};
pub use random::Random;
pub use tried::Tried;
pub use workload::Workload;
pub use world::{World, read_all};
