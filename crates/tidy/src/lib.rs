//! The rules of the repository, as tests: which crate may know which, how long a function may be,
//! that links lead somewhere and every dependency has its reason. Nothing depends on this crate.
