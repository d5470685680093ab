//! The vocabulary of Headwater.
