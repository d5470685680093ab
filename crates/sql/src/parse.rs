//! From text to the parser's tree, and from the parser's places back to characters of the text.
//!
//! The parser reads more than PostgreSQL does; what it lets through is looked at by the binder,
//! which refuses every part it has no meaning for.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::{SqlError, forms, sqlstate};

/// The longest statement, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// The most words and operators. Literals, parentheses and commas are free: they do not nest.
const OPERATORS_MAX: usize = 10_000;
/// How deep expressions and subqueries may nest for the parser.
const DEPTH_MAX: usize = 64;

/// Identifiers are cut at this length by PostgreSQL; here longer ones are refused.
const IDENTIFIER_BYTES_MAX: usize = 63;

/// The text of a statement, to turn places in it into positions.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    text: String,
    /// For each line, the characters before it.
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn of(text: &str) -> Source {
        let newlines = text.chars().enumerate().filter(|(_, c)| *c == '\n');
        let begins = newlines.map(|(index, _)| index + 1);
        Source {
            text: text.to_owned(),
            lines: std::iter::once(0).chain(begins).collect(),
        }
    }

    /// The character, from 1; `None` for a place the parser does not know.
    pub(crate) fn position(&self, place: Location) -> Option<usize> {
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?;
        (column > 0).then_some(self.lines.get(line)? + column)
    }

    /// The tokens that the parser was given, but for blanks and comments.
    pub(crate) fn tokens(&self) -> Vec<TokenWithSpan> {
        let tokens = tokens(&self.text, self).unwrap_or_default();
        let mut known = forms::known(tokens);
        known.retain(|token| is_code(&token.token));
        known
    }

    /// Where an identifier stands.
    pub(crate) fn ident(&self, ident: &Ident) -> Option<usize> {
        self.position(ident.span.start)
    }
}

/// Parses exactly one statement.
pub(crate) fn parse_statement(text: &str) -> Result<(Statement, Source), SqlError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(SqlError::new(
            sqlstate::STATEMENT_TOO_COMPLEX,
            format!(
                "the statement has {} bytes; at most {TEXT_BYTES_MAX} are allowed",
                text.len()
            ),
        ));
    }
    let source = Source::of(text);
    let tokens = tokens(text, &source)?;
    let mut parser = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(DEPTH_MAX)
        .with_tokens_with_locations(forms::known(tokens));
    while parser.consume_token(&Token::SemiColon) {}
    let statement = parser
        .parse_statement()
        .map_err(|error| unread(text, parser_error(error, &source), &source))?;
    while parser.consume_token(&Token::SemiColon) {}
    let rest = parser.peek_token();
    match rest.token {
        Token::EOF => Ok((statement, source)),
        token => {
            let error = unexpected(&token, source.position(rest.span.start));
            Err(unread(text, error, &source))
        }
    }
}

/// Names what PostgreSQL reads and the parser does not: 0A000 in the place of a syntax error.
fn unread(text: &str, error: SqlError, source: &Source) -> SqlError {
    if error.sqlstate() != sqlstate::SYNTAX_ERROR {
        return error;
    }
    let Ok(found) = tokens(text, source) else {
        return error;
    };
    let mut places = found.iter().map(|token| token.span.start);
    let place = places.find(|place| {
        let position = source.position(*place);
        position.is_some() && position == error.position()
    });
    match forms::unread(&found, place) {
        Some((form, place)) => SqlError::unsupported(form).at(source.position(place)),
        None => error,
    }
}

fn tokens(text: &str, source: &Source) -> Result<Vec<TokenWithSpan>, SqlError> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| SqlError::syntax(error.message).at(source.position(error.location)))?;
    refuse_lenient(&tokens, source)?;
    let operators = tokens.iter().filter(|token| may_nest(&token.token)).count();
    if operators > OPERATORS_MAX {
        return Err(SqlError::new(
            sqlstate::STATEMENT_TOO_COMPLEX,
            format!(
                "the statement has {operators} words and operators; at most {OPERATORS_MAX} are allowed"
            ),
        ));
    }
    if !tokens.iter().any(|token| is_code(&token.token)) {
        return Err(SqlError::syntax("the statement is empty"));
    }
    Ok(tokens)
}

/// What the parser would let pass and PostgreSQL does not: `==`, and a word glued to a number; and
/// what it would read as something else.
fn refuse_lenient(tokens: &[TokenWithSpan], source: &Source) -> Result<(), SqlError> {
    for (index, (token, next)) in tokens.iter().zip(tokens.iter().skip(1)).enumerate() {
        let position = source.position(token.span.start);
        let third = tokens.get(index + 2).map(|third| &third.token);
        match (&token.token, &next.token) {
            (Token::DoubleEq, _) => {
                return Err(SqlError::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    "operator does not exist: ==",
                )
                .with_hint("Write =.")
                .at(position));
            }
            (Token::Number(digits, _), Token::Word(word)) => {
                return Err(SqlError::syntax(format!(
                    "trailing junk after numeric literal at or near \"{digits}{word}\""
                ))
                .at(position));
            }
            (Token::Word(prefix), Token::Ampersand)
                if prefix.value.eq_ignore_ascii_case("u") && third.is_some_and(is_quoted_name) =>
            {
                return Err(SqlError::unsupported("a name with U&").at(position));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_code(token: &Token) -> bool {
    !matches!(token, Token::Whitespace(_) | Token::SemiColon | Token::EOF)
}

fn is_quoted_name(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_some())
}

fn may_nest(token: &Token) -> bool {
    !matches!(
        token,
        Token::Whitespace(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::LParen
            | Token::RParen
            | Token::Comma
    )
}

fn unexpected(token: &Token, position: Option<usize>) -> SqlError {
    SqlError::syntax(format!("syntax error at or near \"{token}\"")).at(position)
}

/// The parser writes the place into its message: ` at Line: 1, Column: 8`.
fn parser_error(error: ParserError, source: &Source) -> SqlError {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return SqlError::new(
                sqlstate::STATEMENT_TOO_COMPLEX,
                format!("the statement nests deeper than {DEPTH_MAX} levels"),
            );
        }
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return SqlError::syntax(format!("syntax error: {text}"));
    };
    let position = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)))
        .and_then(|(line, column)| source.position(Location { line, column }));
    SqlError::syntax(format!("syntax error: {message}")).at(position)
}

/// The name of a table, column or alias, folded as PostgreSQL folds it.
pub(crate) fn name_of(ident: &Ident, source: &Source) -> Result<String, SqlError> {
    let name = label_of(ident, source)?;
    if ident.quote_style.is_none() && RESERVED.binary_search(&name.as_str()).is_ok() {
        return Err(
            SqlError::syntax(format!("syntax error at or near \"{}\"", ident.value))
                .with_hint(format!(
                    "\"{name}\" is a reserved word; write it in double quotes to use it as a name."
                ))
                .at(source.ident(ident)),
        );
    }
    Ok(name)
}

/// Whether a name must be written in double quotes because it is a word of the language.
pub(crate) fn is_keyword(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok() || QUOTED.binary_search(&name).is_ok()
}

/// The name of an output column, which may also be a reserved word.
pub(crate) fn label_of(ident: &Ident, source: &Source) -> Result<String, SqlError> {
    let name = match ident.quote_style {
        None => ident.value.to_ascii_lowercase(),
        Some('"') => ident.value.clone(),
        Some(_) => {
            return Err(
                SqlError::syntax(format!("syntax error at or near \"{ident}\""))
                    .at(source.ident(ident)),
            );
        }
    };
    if name.is_empty() {
        return Err(SqlError::syntax("zero-length delimited identifier").at(source.ident(ident)));
    }
    if name.len() > IDENTIFIER_BYTES_MAX {
        return Err(SqlError::unsupported(format_args!(
            "a name longer than {IDENTIFIER_BYTES_MAX} bytes (\"{name}\")"
        ))
        .at(source.ident(ident)));
    }
    Ok(name)
}

/// A name and the schema before it, if there is one.
pub(crate) fn schema_and_name(name: &ObjectName) -> Result<(Option<&Ident>, &Ident), SqlError> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Ok((None, ident)),
        [
            ObjectNamePart::Identifier(schema),
            ObjectNamePart::Identifier(ident),
        ] => Ok((Some(schema), ident)),
        _ => Err(SqlError::unsupported(format_args!("the name {name}"))),
    }
}

/// The single part of a name without a schema.
pub(crate) fn simple_ident<'a>(
    name: &'a ObjectName,
    source: &Source,
) -> Result<&'a Ident, SqlError> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Ok(ident),
        [ObjectNamePart::Identifier(first), ..] => Err(SqlError::unsupported(format_args!(
            "the qualified name {name}"
        ))
        .with_hint("A database has one schema; write the name alone.")
        .at(source.ident(first))),
        _ => Err(SqlError::unsupported(format_args!("the name {name}"))),
    }
}

/// Words that name columns and tables as they are, and that `quote_ident` puts in double quotes
/// nevertheless: "cannot be function or type" of PostgreSQL's keyword list. Sorted.
const QUOTED: &[&str] = &[
    "between",
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "coalesce",
    "dec",
    "decimal",
    "exists",
    "extract",
    "float",
    "greatest",
    "grouping",
    "inout",
    "int",
    "integer",
    "interval",
    "least",
    "national",
    "nchar",
    "none",
    "normalize",
    "nullif",
    "numeric",
    "out",
    "overlay",
    "position",
    "precision",
    "real",
    "row",
    "setof",
    "smallint",
    "substring",
    "time",
    "timestamp",
    "treat",
    "trim",
    "values",
    "varchar",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// Words that PostgreSQL takes as names of columns and tables only in double quotes: "reserved" and
/// "reserved (can be function or type)" of its keyword list. Sorted.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];
