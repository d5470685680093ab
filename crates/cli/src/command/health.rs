//! `health`: whether a server answers.

use crate::args::Target;
use crate::client::Client;
use crate::failure::Failure;
use crate::local;
use crate::output;

/// Asks the server that it was told, or the one that has the data directory; starts none.
pub(crate) async fn run(target: &Target) -> Result<(), Failure> {
    let found = match &target.server {
        Some(server) => {
            let client = Client::trusting(server.clone(), target.tls_ca.as_deref())?;
            client.health().await?;
            Some(server.clone())
        }
        None if target.data.is_dir() => local::answering(&target.data).await?,
        None => None,
    };
    match found {
        Some(server) => output::print(format!("{server} is well")),
        None => Err(Failure::new(format!(
            "no server has the data directory {}",
            target.data.display()
        ))
        .advice("start one with `headwater serve`, or name one with --server")),
    }
}
