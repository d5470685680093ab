//! What can be set of a database: into how many parts its categories are shared out, for readers
//! that share the work and each take some of the parts.

use std::fmt;

use headwater_event::Error;
use serde::{Deserialize, Serialize};

use crate::node::{Node, deleted, finish, refuse_system};
use crate::system::{self, Changed, Fact};
use crate::{DatabaseInfo, DatabaseName};

/// A number of parts, 1 to [`MAX`](Parts::MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Parts(u32);

impl Parts {
    /// The most: each part costs who asks for it, and a group that reads it a cursor.
    pub const MAX: u32 = 256;

    /// What is not shared out.
    pub const ONE: Parts = Parts(1);

    /// Refused with `bad_partitions` if there cannot be so many.
    pub fn new(count: u32) -> Result<Parts, Error> {
        match count {
            1..=Parts::MAX => Ok(Parts(count)),
            _ => Err(Error::invalid(
                "bad_partitions",
                "a category cannot have so many partitions",
            )
            .field("partitions")
            .found(count)
            .expected(format!("a number from 1 to {}", Parts::MAX))
            .action("take as many as readers should share the work at most")),
        }
    }

    /// How many they are.
    pub fn count(self) -> u32 {
        self.0
    }
}

impl Default for Parts {
    /// As many as a database has that nobody asked for another number.
    fn default() -> Parts {
        Parts(8)
    }
}

impl TryFrom<u32> for Parts {
    type Error = Error;

    fn try_from(count: u32) -> Result<Parts, Error> {
        Parts::new(count)
    }
}

impl From<Parts> for u32 {
    fn from(parts: Parts) -> u32 {
        parts.0
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Node {
    /// Shares the categories of a database out into so many parts from now on. Recorded on return,
    /// and to its end, also when nobody waits for it any more. `_system` refuses.
    pub async fn set_parts(
        &self,
        name: &DatabaseName,
        parts: Parts,
    ) -> Result<DatabaseInfo, Error> {
        refuse_system(name)?;
        let (inner, database) = (self.inner.clone(), self.inner.find(name)?);
        let runtime = inner.runtime.clone();
        finish(&runtime, async move {
            if database.parts().0 != parts {
                let changed = Fact::Changed(Changed { parts });
                let conflict = inner
                    .record(system::while_there(database.id, &changed)?)
                    .await?;
                inner.catch_up().await?;
                if conflict.is_some() {
                    return Err(deleted(&database.name));
                }
            }
            Ok(DatabaseInfo::of(&database))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded_wherever_they_come_from() {
        for count in [1, 8, Parts::MAX] {
            assert_eq!(Parts::new(count).unwrap().count(), count);
            assert!(serde_json::from_str::<Parts>(&count.to_string()).is_ok());
        }
        for count in [0, Parts::MAX + 1, u32::MAX] {
            let error = Parts::new(count).unwrap_err();
            assert_eq!(error.code(), "bad_partitions");
            assert!(error.to_string().contains("1 to 256"), "{error}");
            assert!(serde_json::from_str::<Parts>(&count.to_string()).is_err());
        }
    }
}
