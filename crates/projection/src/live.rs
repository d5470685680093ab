//! The tables that queries may name now, and which read model keeps each.

use std::collections::HashMap;
use std::sync::Arc;

use headwater_event::Error;
use headwater_sql::{Catalog, SqlError, Type, event_table};

use crate::model::Model;
use crate::prepared::{Prepared, Statements};

/// A read model that answers, under the schema that statements know it by.
#[derive(Clone)]
pub(crate) struct LiveModel {
    pub(crate) name: String,
    pub(crate) schema: String,
    pub(crate) model: Arc<Model>,
}

/// The tables that queries may name, at one moment.
pub(crate) struct Live {
    pub(crate) catalog: Catalog,
    owners: HashMap<String, LiveModel>,
    statements: Statements,
}

impl Live {
    pub(crate) fn new(models: Vec<LiveModel>) -> Result<Live, Error> {
        let mut catalog = Catalog::new();
        let mut owners = HashMap::new();
        let clash =
            |error: headwater_sql::SqlError| Error::invalid("table_exists", error.to_string());
        catalog.add(None, Arc::new(event_table())).map_err(clash)?;
        for live in models {
            for table in live.model.definition().tables() {
                catalog
                    .add(Some(&live.schema), Arc::clone(table))
                    .map_err(clash)?;
                owners.insert(table.name.clone(), live.clone());
            }
            for index in live.model.definition().indexes() {
                catalog.add_index(index).map_err(clash)?;
            }
        }
        Ok(Live {
            catalog,
            owners,
            statements: Statements::default(),
        })
    }

    /// A statement over these tables, translated now unless it was before.
    pub(crate) fn prepare(
        &self,
        sql: &str,
        types: Vec<Option<Type>>,
    ) -> Result<Arc<Prepared>, SqlError> {
        if let Some(known) = self.known(sql, &types) {
            return Ok(known);
        }
        let query = headwater_sql::compile_query(sql, &self.catalog, &types)?;
        let models = self.models_of(&query.tables);
        let is_owned = |table: &String| self.owners.contains_key(table);
        let reads_log = !query.tables.iter().all(is_owned);
        let prepared = Arc::new(Prepared::new(query, models, reads_log));
        self.statements.keep(sql, types, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// The same, if it was translated before.
    pub(crate) fn known(&self, sql: &str, types: &[Option<Type>]) -> Option<Arc<Prepared>> {
        self.statements.find(sql, types)
    }

    /// The read models of these tables, each once, by name. The table `event` has none.
    pub(crate) fn models_of(&self, tables: &[String]) -> Vec<LiveModel> {
        let mut models: Vec<LiveModel> = tables
            .iter()
            .filter_map(|table| self.owners.get(table))
            .cloned()
            .collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        models.dedup_by(|a, b| a.name == b.name);
        models
    }
}
