//! Writes random statements that PostgreSQL mostly accepts.

use super::dice::Dice;
use super::grammar::Grammar;
use super::scope::{Scope, TABLES};

/// How deep expressions lie in each other.
const DEPTH: usize = 3;

/// One statement and what may be expected of it.
pub(super) struct Statement {
    pub(super) sql: String,
    /// Whether its `order by` leaves no choice.
    pub(super) ordered: bool,
    /// Whether a part of it may fail while it runs.
    pub(super) risky: bool,
    /// Whether its rows are computed one by one, each expression of each.
    pub(super) simple: bool,
}

/// Columns of a query in `from`: their names and types.
type Columns = Vec<(String, &'static str)>;

pub(super) struct Writer<'a> {
    grammar: &'a Grammar,
    dice: Dice,
    scopes: Vec<Scope>,
    /// Queries of the `with` that is being written.
    common: Vec<(String, Columns)>,
    relations: usize,
    may_fail: bool,
    /// Whether a production that may fail was taken.
    risky: bool,
}

impl Writer<'_> {
    pub(super) fn new(grammar: &Grammar, seed: u64) -> Writer<'_> {
        Writer {
            grammar,
            dice: Dice::new(seed),
            scopes: Vec::new(),
            common: Vec::new(),
            relations: 0,
            may_fail: false,
            risky: false,
        }
    }

    pub(super) fn statement(&mut self) -> Statement {
        self.relations = 0;
        self.risky = false;
        let simple = self.dice.below(5) < 2;
        self.may_fail = self.dice.one_in(if simple { 2 } else { 8 });
        let (sql, ordered) = match simple {
            true => (self.values_of_rows(), true),
            false => self.query(),
        };
        Statement {
            sql,
            ordered,
            risky: self.risky,
            simple,
        }
    }

    /// Expressions alone, or over the rows of one table.
    fn values_of_rows(&mut self) -> String {
        let over_rows = !self.dice.one_in(3);
        if over_rows {
            self.scopes.push(Scope::of("v", TABLES[0].1));
        }
        let depth = self.dice.below(DEPTH) + 1;
        let values: Vec<String> = (0..=self.dice.below(2))
            .map(|at| format!("{} as c{at}", self.expr("any", depth)))
            .collect();
        match self.scopes.pop() {
            None => format!("select {}", values.join(", ")),
            Some(_) => format!("select id, {} from v order by id", values.join(", ")),
        }
    }

    fn query(&mut self) -> (String, bool) {
        self.common.clear();
        let with = match self.dice.one_in(8) {
            true => self.with(),
            false => String::new(),
        };
        let (query, ordered) = match self.dice.below(12) {
            0..=3 => self.rows(),
            4..=6 => self.groups(),
            7 => self.distinct(),
            8 => self.distinct_on(),
            9 => self.windows(),
            10 => self.set_operation(),
            _ => self.values(),
        };
        (with + &query, ordered)
    }

    /// `with c0 as (...), ...`
    fn with(&mut self) -> String {
        let mut queries = Vec::new();
        for at in 0..=self.dice.below(2) {
            let (query, columns) = self.keyed_query();
            let hint = *self
                .dice
                .pick(&["", "", "materialized ", "not materialized "]);
            queries.push(format!("w{at} as {hint}({query})"));
            self.common.push((format!("w{at}"), columns));
        }
        if self.dice.one_in(4) {
            let recursive = "w as (select 1 as id, 'x' as s union all select id + 1, s || 'y' from w where id < 4)";
            queries.push(recursive.to_owned());
            let columns = vec![("id".to_owned(), "int"), ("s".to_owned(), "text")];
            self.common.push(("w".to_owned(), columns));
            return format!("with recursive {} ", queries.join(", "));
        }
        format!("with {} ", queries.join(", "))
    }

    fn rows(&mut self) -> (String, bool) {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let values = self.select_list(3);
        let filter = self.filter();
        let order = self.total_order();
        self.scopes.pop();
        let limit = self.limit();
        (
            format!("select {values} from {from}{filter} {order}{limit}"),
            true,
        )
    }

    fn groups(&mut self) -> (String, bool) {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let keys: Vec<String> = (0..self.dice.below(3))
            .map(|_| unlike_a_number(&self.plain(2).0))
            .collect();
        let filter = self.filter();
        let mut values = keys.clone();
        values.extend((0..=self.dice.below(3)).map(|_| self.expr("aggregate", 2)));
        let having = match self.dice.one_in(4) {
            true => format!(
                " having {} {} 2",
                self.expr("count", 1),
                self.expr("compare", 0)
            ),
            false => String::new(),
        };
        self.scopes.pop();
        let (group, order) = match keys.len() {
            0 => (String::new(), String::new()),
            _ => {
                let group = match self.dice.one_in(2) {
                    true => keys.join(", "),
                    false => numbers(keys.len()),
                };
                (format!(" group by {group}"), self.order_of(keys.len()))
            }
        };
        let named = named(&values);
        (
            format!("select {named} from {from}{filter}{group}{having}{order}"),
            true,
        )
    }

    fn distinct(&mut self) -> (String, bool) {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let values: Vec<String> = (0..=self.dice.below(2)).map(|_| self.plain(2).0).collect();
        let filter = self.filter();
        self.scopes.pop();
        let order = self.order_of(values.len());
        let limit = self.limit();
        let named = named(&values);
        (
            format!("select distinct {named} from {from}{filter}{order}{limit}"),
            true,
        )
    }

    fn distinct_on(&mut self) -> (String, bool) {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let first = unlike_a_number(&self.expr("sortable", 1));
        let values = self.select_list(2);
        let filter = self.filter();
        let direction = self.expr("direction", 0);
        let keys = self.keys();
        self.scopes.pop();
        let limit = self.limit();
        (
            format!(
                "select distinct on ({first}) {values} from {from}{filter} order by {first} {direction}, {keys}{limit}"
            ),
            true,
        )
    }

    fn windows(&mut self) -> (String, bool) {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let values: Vec<String> = (0..=self.dice.below(2))
            .map(|_| self.expr("window", 2))
            .collect();
        let filter = self.filter();
        let order = self.total_order();
        self.scopes.pop();
        let named = named(&values);
        (format!("select {named} from {from}{filter} {order}"), true)
    }

    fn set_operation(&mut self) -> (String, bool) {
        let types: Vec<String> = (0..=self.dice.below(2))
            .map(|_| self.expr("plain", 0))
            .collect();
        let mut query = self.side(&types);
        for _ in 0..=self.dice.below(2) {
            let word = *self.dice.pick(&[
                "union",
                "union all",
                "intersect",
                "except",
                "intersect all",
                "except all",
            ]);
            query = format!("{query} {word} {}", self.side(&types));
        }
        let order = self.order_of(types.len());
        let limit = self.limit();
        (format!("{query}{order}{limit}"), true)
    }

    /// A query of columns of these types.
    fn side(&mut self, types: &[String]) -> String {
        let (from, scope) = self.from();
        self.scopes.push(scope);
        let values: Vec<String> = types.iter().map(|ty| self.expr(ty, 1)).collect();
        let filter = self.filter();
        self.scopes.pop();
        format!("select {} from {from}{filter}", named(&values))
    }

    fn values(&mut self) -> (String, bool) {
        let types: Vec<String> = (0..=self.dice.below(3))
            .map(|_| self.expr("plain", 0))
            .collect();
        let rows: Vec<String> = (0..=self.dice.below(3))
            .map(|_| {
                let row: Vec<String> = types.iter().map(|ty| self.expr(ty, 1)).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        let order = self.order_of(types.len());
        (format!("values {}{order}", rows.join(", ")), true)
    }

    /// One to three relations, joined.
    fn from(&mut self) -> (String, Scope) {
        if self.dice.one_in(10) {
            return self.merged_join();
        }
        let (mut from, mut scope) = self.relation(&Scope::default());
        for _ in 0..self.dice.below(3) {
            let (relation, other) = self.relation(&scope);
            let is_function = relation.contains(" with ordinality ");
            let both = scope.clone().and(other.clone());
            let join = match self.dice.below(6) {
                _ if is_function => format!("{from}, {relation}"),
                0 => format!("{from}, {relation}"),
                1 => format!("{from} cross join {relation}"),
                2 => {
                    let (one, two) = (self.any_of(&scope), self.any_of(&other));
                    format!("{from} full join {relation} on {one} = {two}")
                }
                kind => {
                    let word = ["join", "left join", "right join"][kind - 3];
                    self.scopes.push(both.clone());
                    let condition = self.join_condition(&scope, &other);
                    self.scopes.pop();
                    format!("{from} {word} {relation} on {condition}")
                }
            };
            (from, scope) = (join, both);
        }
        (from, scope)
    }

    fn join_condition(&mut self, one: &Scope, two: &Scope) -> String {
        if self.dice.one_in(3) {
            return self.expr("bool", 2);
        }
        let equal = format!("{} = {}", self.any_of(one), self.any_of(two));
        match self.dice.one_in(3) {
            true => format!("{equal} and {}", self.expr("bool", 1)),
            false => equal,
        }
    }

    /// A column with numbers; `id` if there is no other.
    fn any_of(&mut self, scope: &Scope) -> String {
        let mut columns = scope.of_type("int");
        columns.extend(scope.of_type("bigint"));
        (*self.dice.pick(&columns)).to_owned()
    }

    /// Two tables whose columns of a name are one.
    fn merged_join(&mut self) -> (String, Scope) {
        let word = *self
            .dice
            .pick(&["join", "left join", "right join", "full join"]);
        let (how, column) = *self.dice.pick(&[
            ("using (k)", ("k", "bigint")),
            ("using (s)", ("s", "text")),
            ("using (k, s)", ("s", "text")),
            ("natural", ("s", "text")),
        ]);
        let mut scope = Scope::of("p", TABLES[1].1).and(Scope::of("q", TABLES[2].1));
        scope.columns.push((column.0.to_owned(), column.1));
        let from = match how {
            "natural" => format!("p natural {word} q"),
            how => format!("p {word} q {how}"),
        };
        (from, scope)
    }

    /// One relation; functions may name what stands to the left.
    fn relation(&mut self, left: &Scope) -> (String, Scope) {
        let name = format!("r{}", self.relations);
        self.relations += 1;
        match self.dice.below(16) {
            0 if !self.common.is_empty() => self.common_query(&name),
            1 => {
                let (query, columns) = self.keyed_query();
                let scope = scope_of(&name, &columns);
                (format!("({query}) {name}"), scope)
            }
            5 => self.grouped_relation(&name),
            6 => {
                let scope = Scope::of(&name, &[("id", "int"), ("s", "text")]);
                let word = *self
                    .dice
                    .pick(&["union", "except", "intersect", "union all"]);
                // The same row from both has a key of its own.
                let sides = format!("select id, s from p {word} select id + 10, s from q");
                (format!("({sides}) {name}"), scope)
            }
            7 => self.rows_of_function(&name, left),
            2 => {
                let scope = Scope::of(&name, &[("id", "int"), ("a", "int"), ("b", "text")]);
                let rows: Vec<String> = (1..=self.dice.below(3) + 1)
                    .map(|at| format!("({at}, {}, {})", self.expr("int", 1), self.expr("text", 1)))
                    .collect();
                let rows = rows.join(", ");
                (format!("(values {rows}) as {name}(id, a, b)"), scope)
            }
            3 => {
                let (from, to) = (self.dice.below(4), self.dice.below(6));
                let scope = Scope::of(&name, &[("id", "int")]);
                (
                    format!("generate_series({from}, {to}) as {name}(id)"),
                    scope,
                )
            }
            4 => {
                self.scopes.push(left.clone());
                let array = self.expr("int[]", 1);
                self.scopes.pop();
                let scope = Scope::of(&name, &[("a", "int"), ("id", "bigint")]);
                (
                    format!("unnest({array}) with ordinality as {name}(a, id)"),
                    scope,
                )
            }
            _ if !self.common.is_empty() && self.dice.one_in(2) => self.common_query(&name),
            _ => {
                let (table, columns) = match self.dice.below(12) {
                    0 => TABLES[3],
                    at => TABLES[at % 3],
                };
                (format!("{table} {name}"), Scope::of(&name, columns))
            }
        }
    }

    /// Groups whose key is a number of the table.
    fn grouped_relation(&mut self, name: &str) -> (String, Scope) {
        let inner = format!("r{}", self.relations);
        self.relations += 1;
        self.scopes.push(Scope::of(&inner, TABLES[1].1));
        let sum = format!(
            "count({}), {}",
            self.expr("any", 1),
            self.expr("numbers", 1)
        );
        let filter = self.filter();
        self.scopes.pop();
        let query = format!(
            "select coalesce({inner}.k, -1), {sum} from p {inner}{filter} group by coalesce({inner}.k, -1)"
        );
        let columns = [("id", "int"), ("n", "bigint"), ("m", "numeric")];
        (
            format!("({query}) as {name}(id, n, m)"),
            Scope::of(name, &columns),
        )
    }

    /// A function that answers rows, beside their numbers.
    fn rows_of_function(&mut self, name: &str, left: &Scope) -> (String, Scope) {
        self.scopes.push(left.clone());
        let (call, ty) = match self.dice.below(5) {
            0 => (format!("unnest({})", self.expr("text[]", 1)), "text"),
            1 => (
                format!("string_to_table({}, ',')", self.expr("text", 1)),
                "text",
            ),
            2 => (
                "generate_series(timestamptz '2024-01-31 00:00:00+00', '2024-06-30', interval '1 month')"
                    .to_owned(),
                "timestamptz",
            ),
            3 => (
                "jsonb_array_elements('[1, \"a\", null, {\"a\": 1.50}]'::jsonb)".to_owned(),
                "jsonb",
            ),
            _ => (
                format!(
                    "jsonb_array_elements_text(jsonb_build_array({}, {}))",
                    self.expr("any", 1),
                    self.expr("any", 1)
                ),
                "text",
            ),
        };
        self.scopes.pop();
        (
            format!("{call} with ordinality as {name}(a, id)"),
            Scope::of(name, &[("a", ty), ("id", "bigint")]),
        )
    }

    fn common_query(&mut self, name: &str) -> (String, Scope) {
        let (query, columns) = self.dice.pick(&self.common).clone();
        (format!("{query} {name}"), scope_of(name, &columns))
    }

    /// A query over one table with its key and other columns.
    fn keyed_query(&mut self) -> (String, Columns) {
        let (table, columns) = *self.dice.pick(TABLES);
        let name = format!("r{}", self.relations);
        self.relations += 1;
        self.scopes.push(Scope::of(&name, columns));
        let mut found = vec![("id".to_owned(), "int")];
        let mut values = format!("{name}.id");
        for at in 0..=self.dice.below(2) {
            let ty = TYPES[self.dice.below(TYPES.len())];
            values += &format!(", {} as c{at}", self.expr(ty, 2));
            found.push((format!("c{at}"), ty));
        }
        let filter = self.filter();
        let tail = match self.dice.one_in(4) {
            true => format!("{}{}", self.total_order(), self.limit()),
            false => String::new(),
        };
        self.scopes.pop();
        (
            format!("select {values} from {table} {name}{filter} {tail}"),
            found,
        )
    }

    fn select_list(&mut self, most: usize) -> String {
        if self.dice.one_in(12) {
            return "*".to_owned();
        }
        let values: Vec<String> = (0..=self.dice.below(most))
            .map(|_| self.expr("any", 2))
            .collect();
        match self.dice.one_in(3) {
            true => values.join(", "),
            false => named(&values),
        }
    }

    fn filter(&mut self) -> String {
        match self.dice.one_in(2) {
            true => format!(" where {}", self.expr("bool", 2)),
            false => String::new(),
        }
    }

    /// An expression whose equal values have one text, and its type.
    fn plain(&mut self, depth: usize) -> (String, String) {
        let ty = self.expr("plain", 0);
        (self.expr(&ty, depth), ty)
    }

    fn keys(&self) -> String {
        let keys: Vec<&str> = self.scopes.last().map_or(Vec::new(), |scope| {
            scope.keys.iter().map(String::as_str).collect()
        });
        keys.join(", ")
    }

    /// An order that leaves no two rows equal.
    fn total_order(&mut self) -> String {
        let keys = self.keys();
        match self.dice.one_in(2) {
            true => {
                let (first, direction) = (self.expr("sortable", 1), self.expr("direction", 0));
                format!("order by {} {direction}, {keys}", unlike_a_number(&first))
            }
            false => format!("order by {keys}"),
        }
    }

    /// An order by all of so many columns.
    fn order_of(&mut self, columns: usize) -> String {
        let columns: Vec<String> = (1..=columns)
            .map(|at| format!("{at} {}", self.expr("direction", 0)))
            .collect();
        format!(" order by {}", columns.join(", "))
    }

    fn limit(&mut self) -> String {
        match self.dice.below(8) {
            0 => format!(" limit {}", self.dice.below(5)),
            1 => format!(" offset {}", self.dice.below(4)),
            2 => format!(
                " limit {} offset {}",
                self.dice.below(5),
                self.dice.below(3)
            ),
            _ => String::new(),
        }
    }

    /// What a name of the grammar becomes.
    fn expr(&mut self, name: &str, depth: usize) -> String {
        if let Some(column) = self.column(name, depth) {
            return column;
        }
        if depth > 1 && TYPES.contains(&name) && self.dice.one_in(20) {
            return self.subquery(name);
        }
        match name {
            "order" => return format!("order by {}", self.keys()),
            "count" => return format!("count({})", self.expr("any", depth)),
            _ => {}
        }
        let grammar = self.grammar;
        let mut productions = grammar.productions(name, self.may_fail);
        let leaves = |of: &[&super::grammar::Production]| of.iter().any(|p| p.is_leaf());
        if depth == 0 && leaves(&productions) {
            productions.retain(|production| production.is_leaf());
        }
        let taken = *self.dice.pick(&productions);
        self.risky |= taken.risky;
        let mut text = String::new();
        let mut rest = taken.text.as_str();
        // An array literal has braces too; a name of the grammar is never in quotes.
        while let Some((before, inner, after)) = placeholder(rest) {
            text += before;
            text += &self.expr(inner, depth.saturating_sub(1));
            rest = after;
        }
        text + rest
    }

    fn column(&mut self, ty: &str, depth: usize) -> Option<String> {
        let often = if depth == 0 {
            self.dice.below(3) > 0
        } else {
            self.dice.one_in(5)
        };
        let inner = self.scopes.last();
        // Now and then of an outer query.
        let scope = match self.scopes.len() > 1 && self.dice.one_in(3) {
            true => self.scopes.first(),
            false => inner,
        };
        let columns = scope?.of_type(ty);
        match often && !columns.is_empty() {
            true => Some((*self.dice.pick(&columns)).to_owned()),
            false => None,
        }
    }

    fn subquery(&mut self, ty: &str) -> String {
        let (table, columns) = *self.dice.pick(&TABLES[1..]);
        let name = format!("r{}", self.relations);
        self.relations += 1;
        self.scopes.push(Scope::of(&name, columns));
        let (value, filter) = (self.expr(ty, 1), self.filter());
        let aggregate = self.expr("aggregate", 1);
        let shape = self.dice.below(if ty == "bool" { 5 } else { 1 });
        let inner = self.plain(1);
        self.scopes.pop();
        let from = format!("from {table} {name}{filter}");
        match shape {
            0 if ty == "bigint" => format!("(select count(*) {from})"),
            0 if ty == "text" && self.dice.one_in(2) => {
                format!("(select ({aggregate})::text {from})")
            }
            0 => format!("(select {value} {from} order by {name}.id limit 1)"),
            1 => format!("exists (select {value} {from})"),
            2 => format!("(not exists (select 1 {from}))"),
            3 => {
                let not = *self.dice.pick(&["", "not "]);
                let left = self.expr(&inner.1, 1);
                format!("({left} {not}in (select {} {from}))", inner.0)
            }
            _ => {
                let (left, compare) = (
                    self.expr(&inner.1, 1),
                    *self.dice.pick(&["=", "<", ">=", "<>"]),
                );
                let quantifier = *self.dice.pick(&["any", "all", "some"]);
                format!(
                    "({left} {compare} {quantifier} (select {} {from}))",
                    inner.0
                )
            }
        }
    }
}

/// The types of columns of queries in `from`.
const TYPES: &[&str] = &[
    "bool",
    "int",
    "bigint",
    "numeric",
    "double",
    "text",
    "timestamptz",
    "date",
    "interval",
    "uuid",
    "jsonb",
    "bytea",
    "int[]",
    "text[]",
];

fn scope_of(name: &str, columns: &Columns) -> Scope {
    let columns: Vec<(&str, &'static str)> = columns
        .iter()
        .map(|(column, ty)| (column.as_str(), *ty))
        .collect();
    Scope::of(name, &columns)
}

fn named(values: &[String]) -> String {
    let named: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!("{value} as c{at}"))
        .collect();
    named.join(", ")
}

fn numbers(end: usize) -> String {
    let numbers: Vec<String> = (1..=end).map(|at| at.to_string()).collect();
    numbers.join(", ")
}

/// A bare number in an `order by` is a column.
fn unlike_a_number(expr: &str) -> String {
    match expr.starts_with(|c: char| c.is_ascii_digit() || "(-'".contains(c)) {
        true => format!("coalesce({expr}, null)"),
        false => expr.to_owned(),
    }
}

/// The first name in braces, and what stands around it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        quoted ^= character == '\'';
        if character == '{' && !quoted {
            let (inner, after) = text[at + 1..].split_once('}')?;
            return Some((&text[..at], inner, after));
        }
    }
    None
}
