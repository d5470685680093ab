//! `demo`: Headwater at work, for somebody who has a minute.

mod accounts;
mod git;
mod page;

use crate::args::{Demo, DemoAbout, Target};
use crate::failure::Failure;

/// Runs the demo that was asked for.
pub(crate) async fn run(target: &Target, args: Demo) -> Result<(), Failure> {
    match args.about {
        Some(DemoAbout::Git(git)) => git::run(target, git).await,
        None => accounts::run(target, args).await,
    }
}
