//! The rules of the repository.

mod arrows;
mod licences;
mod links;
mod repository;
mod size;
mod words;
