//! Forms of PostgreSQL that the parser does not know: put in words it knows, or named.
//!
//! | written | read as |
//! |---|---|
//! | `table t` | `select * from t` |
//! | `trim(leading from x)`, `trim(leading x, y)` | `ltrim(x)`, `ltrim(x, y)` |
//! | `between symmetric a and b` | `between symmetric(a) and b`, which the binder knows |
//! | `between asymmetric` | `between` |
//! | `x isnull` | `x is null` |
//! | `'a'` and `'b'` on the next line | `'ab'` |
//!
//! Nothing else can be mistaken for these: `table`, `isnull` and `symmetric` are reserved words, so
//! that nobody has a column or a function of that name. A word put in has the place of the word it
//! stands for.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Whitespace};

/// The function around the lower bound of `between symmetric`.
const SYMMETRIC: &str = "symmetric";

/// Words of valid statements that the parser stumbles over, and what they are called. `_` is any
/// word, `'` a string, `^` the beginning of the statement and `;` also its end.
const UNREAD: &[(&str, &str)] = &[
    ("table only", "TABLE ONLY"),
    ("substring ( _ similar", "SUBSTRING with SIMILAR"),
    ("for _ from", "SUBSTRING with FOR before FROM"),
    ("fetch first (", "FETCH of an expression"),
    ("fetch next (", "FETCH of an expression"),
    ("is document", "IS DOCUMENT"),
    ("is not document", "IS DOCUMENT"),
    ("group by distinct", "GROUP BY DISTINCT"),
    ("group by all", "GROUP BY ALL"),
    ("for no key update", "FOR NO KEY UPDATE"),
    ("for key share", "FOR KEY SHARE"),
    ("for read only", "FOR READ ONLY"),
    ("using ( _ ) as", "an alias of USING"),
    (". * is", "the whole row as a value"),
    ("from _ *", "a table with *"),
    ("operator (", "this place of OPERATOR(...)"),
    ("uescape", "UESCAPE"),
    ("in ( ( select", "a subquery that comes first in a list"),
    ("any ( values", "ANY (VALUES ...)"),
    ("some ( values", "SOME (VALUES ...)"),
    ("all ( values", "ALL (VALUES ...)"),
    ("rows from (", "ROWS FROM"),
    ("variadic", "VARIADIC"),
    ("collation for", "COLLATION FOR"),
    (":: _ collate", "COLLATE behind a cast"),
    ("xmlelement", "XMLELEMENT"),
    ("xmlforest", "XMLFOREST"),
    ("xmlparse", "XMLPARSE"),
    ("xmlpi", "XMLPI"),
    ("xmlroot", "XMLROOT"),
    ("xmlserialize", "XMLSERIALIZE"),
    ("xmlexists", "XMLEXISTS"),
    (") search breadth first by", "SEARCH"),
    (") search depth first by", "SEARCH"),
    (") cycle _ set", "CYCLE"),
    ("exclude current row", "EXCLUDE in a window frame"),
    ("exclude group", "EXCLUDE in a window frame"),
    ("exclude no others", "EXCLUDE in a window frame"),
    ("exclude ties", "EXCLUDE in a window frame"),
    ("^ select ;", "a SELECT without output columns"),
    ("bit '", "the literal of a type like bit '...'"),
    ("inet '", "the literal of a type like inet '...'"),
    ("money '", "the literal of a type like money '...'"),
    ("name '", "the literal of a type like name '...'"),
    ("oid '", "the literal of a type like oid '...'"),
    ("regclass '", "the literal of a type like regclass '...'"),
];

/// What is open where the tokens have come to.
#[derive(PartialEq)]
enum Open {
    Bracket,
    /// `case`, which may have an `and` of its own.
    Case,
    /// The lower bound of `between symmetric`, which ends at `and`.
    Symmetric,
}

/// The same statement in forms that the parser knows. Whatever else stands there, also what is
/// wrong, is left for the parser.
pub(crate) fn known(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len() + 8);
    let mut open = Vec::new();
    let mut next = 0;
    while let Some(token) = tokens.get(next) {
        next += 1;
        let (last, rest) = (last(&out), &tokens[next..]);
        match keyword(&token.token) {
            Keyword::TABLE if begins_query(&out) && is_whole_table(rest) => {
                let [select, from] = ["SELECT", "FROM"].map(Token::make_keyword);
                put(&mut out, token, &[select, Token::Mul, from]);
            }
            Keyword::TRIM if last != Some(&Token::Period) => match trim_call(rest) {
                Some((function, skipped)) => {
                    let function = Token::make_word(function, None);
                    put(&mut out, token, &[function, Token::LParen]);
                    open.push(Open::Bracket);
                    next += skipped;
                }
                None => out.push(token.clone()),
            },
            Keyword::SYMMETRIC if last.map(keyword) == Some(Keyword::BETWEEN) => {
                put(
                    &mut out,
                    token,
                    &[Token::make_word(SYMMETRIC, None), Token::LParen],
                );
                open.push(Open::Symmetric);
            }
            Keyword::ASYMMETRIC if last.map(keyword) == Some(Keyword::BETWEEN) => {}
            Keyword::AND if open.last() == Some(&Open::Symmetric) => {
                put(&mut out, token, &[Token::RParen, token.token.clone()]);
                open.pop();
            }
            _ if is_isnull(&token.token, last) => {
                put(&mut out, token, &["IS", "NULL"].map(Token::make_keyword));
            }
            _ => {
                follow(&mut open, &token.token);
                push(&mut out, token);
            }
        }
    }
    out
}

/// What the parser does not read in these tokens, and where it begins.
pub(crate) fn unread(tokens: &[TokenWithSpan]) -> Option<(&'static str, Location)> {
    let tokens: Vec<_> = tokens
        .iter()
        .filter(|token| is_code(&token.token))
        .collect();
    let words = tokens.iter().map(|token| spelled(&token.token));
    let begin = std::iter::once("^".to_owned());
    let words: Vec<String> = begin.chain(words).chain([";".to_owned()]).collect();
    UNREAD.iter().find_map(|(pattern, name)| {
        let pattern: Vec<&str> = pattern.split(' ').collect();
        let is_here = |here: &[String]| {
            let mut pairs = here.iter().zip(&pattern);
            pairs.all(|(word, wanted)| *wanted == "_" || word == wanted)
        };
        let index = words.windows(pattern.len()).position(is_here)?;
        Some((*name, tokens[index.saturating_sub(1)].span.start)) // after `^`
    })
}

/// The bound itself, if it is the lower one of `between symmetric`.
pub(crate) fn symmetric_bound(low: &Expr) -> Option<&Expr> {
    let Expr::Function(call) = low else {
        return None;
    };
    let (FunctionArguments::List(list), SYMMETRIC) = (&call.args, &*call.name.to_string()) else {
        return None;
    };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(bound))] => Some(bound),
        _ => None,
    }
}

/// Opens and closes what a token opens and closes.
fn follow(open: &mut Vec<Open>, token: &Token) {
    match token {
        Token::LParen | Token::LBracket => open.push(Open::Bracket),
        Token::RParen | Token::RBracket => {
            while open.pop().is_some_and(|last| last != Open::Bracket) {}
        }
        _ if keyword(token) == Keyword::CASE => open.push(Open::Case),
        _ if keyword(token) == Keyword::END && open.last() == Some(&Open::Case) => {
            open.pop();
        }
        _ => {}
    }
}

/// Whether a query may begin after these tokens.
fn begins_query(before: &[TokenWithSpan]) -> bool {
    const SET_OPERATIONS: [Keyword; 3] = [Keyword::UNION, Keyword::INTERSECT, Keyword::EXCEPT];
    let mut words = code(before).rev();
    let last = match words.next() {
        None | Some(Token::LParen) => return true,
        Some(last) => keyword(last),
    };
    let combines = match last {
        Keyword::ALL | Keyword::DISTINCT => words.next().map_or(last, keyword),
        _ => last,
    };
    SET_OPERATIONS.contains(&combines)
}

/// Whether a name follows and then the end of it, as `table t` wants it. `table t where ...` is
/// none.
fn is_whole_table(after: &[TokenWithSpan]) -> bool {
    use Keyword as K;
    let mut is_name = false;
    for word in code(after) {
        is_name = match (is_name, word) {
            (true, Token::Period) => false,
            (false, Token::Word(word)) if word.keyword != K::ONLY => true,
            (true, Token::RParen | Token::SemiColon | Token::EOF) => return true,
            (false, _) => return false,
            (true, word) => {
                return matches!(
                    keyword(word),
                    K::ORDER
                        | K::LIMIT
                        | K::OFFSET
                        | K::FETCH
                        | K::FOR
                        | K::UNION
                        | K::INTERSECT
                        | K::EXCEPT
                );
            }
        };
    }
    is_name
}

/// The function that `trim` is when its brackets have no characters before `from`, and how many
/// tokens stand before its arguments.
fn trim_call(after: &[TokenWithSpan]) -> Option<(&'static str, usize)> {
    let mut words = after.iter().enumerate();
    let mut next = || words.find(|(_, token)| is_code(&token.token));
    let (opening, _) = next().filter(|(_, token)| token.token == Token::LParen)?;
    let (mut first, mut word) = next()?;
    let (mut begin, mut function) = (opening + 1, "btrim");
    let side = match keyword(&word.token) {
        Keyword::LEADING => Some("ltrim"),
        Keyword::TRAILING => Some("rtrim"),
        Keyword::BOTH => Some("btrim"),
        _ => None,
    };
    if let Some(side) = side {
        (begin, function) = (first + 1, side);
        (first, word) = next()?;
    }
    if keyword(&word.token) == Keyword::FROM {
        return Some((function, first + 1));
    }
    (side.is_some() && !has_from(&after[begin..])).then_some((function, begin))
}

/// Whether `from` stands before the bracket that closes these tokens.
fn has_from(tokens: &[TokenWithSpan]) -> bool {
    let mut depth = 0_usize;
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return false,
            Token::RParen => depth -= 1,
            word if depth == 0 && keyword(word) == Keyword::FROM => return true,
            _ => {}
        }
    }
    false
}

/// Whether this is the operator `isnull` behind an operand, and not a label or a function.
fn is_isnull(token: &Token, last: Option<&Token>) -> bool {
    let Token::Word(word) = token else {
        return false;
    };
    let is_label = |last: &Token| *last == Token::Period || keyword(last) == Keyword::AS;
    word.quote_style.is_none()
        && word.value.eq_ignore_ascii_case("isnull")
        && last.is_some_and(|last| !is_label(last))
}

/// Puts a token behind the others, or into the string that it goes on with. A string with escapes
/// goes on where there are none: the parser did not look for them.
fn push(out: &mut Vec<TokenWithSpan>, token: &TokenWithSpan) {
    if let Token::SingleQuotedString(more) = &token.token {
        let blanks = out.iter().rev().take_while(|token| !is_code(&token.token));
        let blanks: Vec<&Token> = blanks.map(|token| &token.token).collect();
        let goes_on = blanks.iter().any(|blank| ends_line(blank));
        let end = out.len() - blanks.len();
        let text = match out[..end].last_mut().map(|token| &mut token.token) {
            Some(Token::SingleQuotedString(text)) if goes_on => Some(text),
            Some(Token::EscapedStringLiteral(text)) if goes_on && !more.contains('\\') => {
                Some(text)
            }
            _ => None,
        };
        if let Some(text) = text {
            text.push_str(more);
            out.truncate(end);
            return;
        }
    }
    out.push(token.clone());
}

fn ends_line(blank: &Token) -> bool {
    use Whitespace as W;
    matches!(
        blank,
        Token::Whitespace(W::Newline | W::SingleLineComment { .. })
    )
}

/// The tokens that are neither blanks nor comments.
fn code(tokens: &[TokenWithSpan]) -> impl DoubleEndedIterator<Item = &Token> {
    let all = tokens.iter().map(|token| &token.token);
    all.filter(|token| is_code(token))
}

fn last(tokens: &[TokenWithSpan]) -> Option<&Token> {
    code(tokens).next_back()
}

fn is_code(token: &Token) -> bool {
    !matches!(token, Token::Whitespace(_))
}

/// The keyword that an unquoted word is.
fn keyword(token: &Token) -> Keyword {
    match token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// A token as the patterns have it.
fn spelled(token: &Token) -> String {
    match token {
        Token::SingleQuotedString(_) => "'".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// Puts words in the place of one.
fn put(out: &mut Vec<TokenWithSpan>, place: &TokenWithSpan, words: &[Token]) {
    let words = words.iter().cloned();
    out.extend(words.map(|word| TokenWithSpan::new(word, place.span)));
}
