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
//! | `name 'n'` | `'n'::name` |
//! | `trim`, a column | `"trim"` |
//!
//! Nothing else can be mistaken for these: `table` and `symmetric` are reserved words, so that nobody
//! has a column or a function of that name, and behind a dot no word is looked at. A word put in has
//! the place of the word it stands for. The tokens are passed over once.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

/// The function around the lower bound of `between symmetric`. Nobody else can call it.
pub(crate) const SYMMETRIC: &str = "symmetric";

/// Words of valid statements that the parser stumbles over, and what they are called. `_` is any
/// word, `'` a string, `^` the beginning of the statement and `;` also its end. What a pattern opens
/// belongs to it up to the bracket that closes it.
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
    ("table _ *", "a table with *"),
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
    ("xmlelement (", "XMLELEMENT"),
    ("xmlforest (", "XMLFOREST"),
    ("xmlparse (", "XMLPARSE"),
    ("xmlpi (", "XMLPI"),
    ("xmlroot (", "XMLROOT"),
    ("xmlserialize (", "XMLSERIALIZE"),
    ("xmlexists (", "XMLEXISTS"),
    (") search breadth first by", "SEARCH"),
    (") search depth first by", "SEARCH"),
    (") cycle _ set", "CYCLE"),
    ("exclude current row", "EXCLUDE in a window frame"),
    ("exclude group", "EXCLUDE in a window frame"),
    ("exclude no others", "EXCLUDE in a window frame"),
    ("exclude ties", "EXCLUDE in a window frame"),
    ("^ select ;", "a SELECT without output columns"),
    ("bit '", "the literal of a type like bit '...'"),
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
    rewritten(&tokens).unwrap_or(tokens)
}

/// `None` when a bound of `between symmetric` is closed by a bracket that was opened before it.
fn rewritten(tokens: &[TokenWithSpan]) -> Option<Vec<TokenWithSpan>> {
    let with_from = with_from(tokens);
    let mut out = Vec::with_capacity(tokens.len() + 8);
    let mut open = Vec::new();
    let mut last = None;
    let mut next = 0;
    while let Some(token) = tokens.get(next) {
        next += 1;
        if !is_code(&token.token) {
            out.push(token.clone());
            continue;
        }
        let rest = &tokens[next..];
        let before = last.map_or(Keyword::NoKeyword, keyword);
        match keyword_behind(last, &token.token) {
            Keyword::TABLE if begins_query(&out) && is_whole_table(rest) => {
                let [select, from] = ["SELECT", "FROM"].map(Token::make_keyword);
                put(&mut out, token, &[select, Token::Mul, from]);
            }
            Keyword::TRIM => match trim_call(tokens, next, &with_from) {
                Trim::Call(function, begin) => {
                    let function = Token::make_word(function, None);
                    put(&mut out, token, &[function, Token::LParen]);
                    open.push(Open::Bracket);
                    next = begin;
                }
                Trim::Known => out.push(token.clone()),
                Trim::Name => put(&mut out, token, &[Token::make_word("trim", Some('"'))]),
            },
            Keyword::SYMMETRIC if before == Keyword::BETWEEN => {
                let function = Token::make_word(SYMMETRIC, None);
                put(&mut out, token, &[function, Token::LParen]);
                open.push(Open::Symmetric);
            }
            Keyword::ASYMMETRIC if before == Keyword::BETWEEN => {}
            Keyword::AND if open.last() == Some(&Open::Symmetric) => {
                put(&mut out, token, &[Token::RParen, token.token.clone()]);
                open.pop();
            }
            _ if is_isnull(&token.token, last, rest) => {
                put(&mut out, token, &["IS", "NULL"].map(Token::make_keyword));
            }
            word => match literal_type(&out, last, &token.token) {
                Some(begin) => {
                    let cast = [token.token.clone(), Token::DoubleColon];
                    let cast = cast.map(|part| TokenWithSpan::new(part, token.span));
                    out.splice(begin..begin, cast);
                }
                None => {
                    follow(&mut open, &token.token, word)?;
                    push(&mut out, token);
                }
            },
        }
        last = Some(&token.token);
    }
    Some(out)
}

/// What the parser does not read in these tokens, and where it begins: of what it stumbled over at
/// `error`, which is the end if there is no place.
pub(crate) fn unread(
    tokens: &[TokenWithSpan],
    error: Option<Location>,
) -> Option<(&'static str, Location)> {
    let tokens: Vec<_> = tokens
        .iter()
        .filter(|token| is_code(&token.token))
        .collect();
    // Counted as the words are: the first is `^`.
    let error = match error {
        Some(place) => tokens.iter().position(|token| token.span.start == place)? + 1,
        None => tokens.len() + 1,
    };
    let words = tokens.iter().map(|token| spelled(&token.token));
    let begin = std::iter::once("^".to_owned());
    let words: Vec<String> = begin.chain(words).chain([";".to_owned()]).collect();
    UNREAD.iter().find_map(|(pattern, name)| {
        let pattern: Vec<&str> = pattern.split(' ').collect();
        let is_here = |here: &[String]| {
            let mut pairs = here.iter().zip(&pattern);
            pairs.all(|(word, wanted)| *wanted == "_" || word == wanted)
        };
        let windows = words.windows(pattern.len()).enumerate();
        let (index, _) = windows
            .take_while(|(index, _)| *index <= error)
            .filter(|(_, here)| is_here(here))
            .find(|(index, _)| error <= end(&words, *index, pattern.len()))?;
        Some((*name, tokens[index.saturating_sub(1)].span.start)) // after `^`
    })
}

/// The index right behind a pattern and behind the brackets that it opens.
fn end(words: &[String], begin: usize, count: usize) -> usize {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(begin) {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && index + 1 >= begin + count {
            return index + 1;
        }
    }
    words.len()
}

/// The bound itself, if it is the lower one of `between symmetric`.
pub(crate) fn symmetric_bound(low: &Expr) -> Option<&Expr> {
    let Expr::Function(call) = low else {
        return None;
    };
    let Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group,
    } = call
    else {
        return None;
    };
    let is_plain = list.duplicate_treatment.is_none() && list.clauses.is_empty();
    if name.to_string() != SYMMETRIC || !is_plain || !within_group.is_empty() {
        return None;
    }
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(bound))] => Some(bound),
        _ => None,
    }
}

/// Opens and closes what a token opens and closes. `None` when it closes a bracket around a bound
/// of `between symmetric` that has not ended.
fn follow(open: &mut Vec<Open>, token: &Token, word: Keyword) -> Option<()> {
    match token {
        Token::LParen | Token::LBracket => open.push(Open::Bracket),
        Token::RParen | Token::RBracket => {
            while let Some(last) = open.pop() {
                match last {
                    Open::Bracket => break,
                    Open::Case => {}
                    Open::Symmetric => return None,
                }
            }
        }
        _ if word == Keyword::CASE => open.push(Open::Case),
        _ if word == Keyword::END && open.last() == Some(&Open::Case) => {
            open.pop();
        }
        _ => {}
    }
    Some(())
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

/// What a `trim` is.
enum Trim {
    /// This function, whose arguments begin at this token.
    Call(&'static str, usize),
    /// A form that the parser knows, or none at all.
    Known,
    Name,
}

/// What the `trim` is that stands right before `next`: a function when its brackets have no
/// characters before `from`.
fn trim_call(tokens: &[TokenWithSpan], next: usize, with_from: &BTreeSet<usize>) -> Trim {
    let words = tokens.iter().enumerate().skip(next);
    let mut words = words.filter(|(_, token)| is_code(&token.token));
    let opening = match words.next() {
        Some((index, token)) if token.token == Token::LParen => index,
        _ => return Trim::Name,
    };
    let mut word = words.next();
    let keyword_of = |word: Option<(usize, &TokenWithSpan)>| {
        word.map_or(Keyword::NoKeyword, |(_, token)| keyword(&token.token))
    };
    let side = match keyword_of(word) {
        Keyword::LEADING => Some("ltrim"),
        Keyword::TRAILING => Some("rtrim"),
        Keyword::BOTH => Some("btrim"),
        _ => None,
    };
    if side.is_some() {
        word = words.next();
    }
    let begins_with_from = keyword_of(word) == Keyword::FROM;
    if begins_with_from {
        word = words.next();
    }
    match (side, word) {
        (None, _) if !begins_with_from => Trim::Known,
        (_, Some((_, token))) if token.token == Token::RParen => Trim::Known,
        (_, Some((begin, _))) if begins_with_from || !with_from.contains(&opening) => {
            Trim::Call(side.unwrap_or("btrim"), begin)
        }
        _ => Trim::Known,
    }
}

/// The opening brackets, by index, behind which a `from` stands before the first comma, that is the
/// one of `trim`.
fn with_from(tokens: &[TokenWithSpan]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    // Each bracket, until its first comma.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut last = None;
    let all = tokens.iter().enumerate();
    for (index, token) in all.filter(|(_, token)| is_code(&token.token)) {
        let is_distinct = last.is_some_and(|last| keyword(last) == Keyword::DISTINCT);
        match &token.token {
            Token::LParen | Token::LBracket => open.push(Some(index)),
            Token::RParen | Token::RBracket => {
                open.pop();
            }
            Token::Comma => {
                if let Some(bracket) = open.last_mut() {
                    *bracket = None;
                }
            }
            word if keyword_behind(last, word) == Keyword::FROM && !is_distinct => {
                found.extend(open.last().copied().flatten());
            }
            _ => {}
        }
        last = Some(&token.token);
    }
    found
}

/// Whether this is the operator `isnull` behind an operand, and not a label or a function.
fn is_isnull(token: &Token, last: Option<&Token>, after: &[TokenWithSpan]) -> bool {
    let Token::Word(word) = token else {
        return false;
    };
    let is_label = |last: &Token| *last == Token::Period || keyword(last) == Keyword::AS;
    word.quote_style.is_none()
        && word.value.eq_ignore_ascii_case("isnull")
        && last.is_some_and(|last| !is_label(last))
        && code(after).next() != Some(&Token::LParen)
}

/// Where the name of the type begins in `name 'n'`, a literal that the parser does not know.
fn literal_type(before: &[TokenWithSpan], last: Option<&Token>, token: &Token) -> Option<usize> {
    use Keyword as K;
    let (Some(Token::Word(word)), Token::SingleQuotedString(_)) = (last, token) else {
        return None;
    };
    let mut is_type = matches!(word.keyword, K::NoKeyword | K::NAME | K::REGCLASS);
    let words = before.iter().enumerate().rev();
    let mut words = words.filter(|(_, token)| is_code(&token.token));
    let (mut begin, _) = words.next()?;
    loop {
        match words.next() {
            Some((_, dot)) if dot.token == Token::Period => {
                (begin, _) = words.next()?;
                is_type = true;
            }
            Some((_, word)) if keyword(&word.token) == K::AS => return None,
            _ => return is_type.then_some(begin),
        }
    }
}

/// Puts a token behind the others, or into the string that it goes on with.
fn push(out: &mut Vec<TokenWithSpan>, token: &TokenWithSpan) {
    if let Token::SingleQuotedString(more) = &token.token {
        let blanks = out.iter().rev().take_while(|token| !is_code(&token.token));
        let (mut count, mut ends_line, mut has_comment) = (0, false, false);
        for blank in blanks {
            count += 1;
            ends_line |= is_end_of_line(&blank.token);
            has_comment |= is_long_comment(&blank.token);
        }
        let end = out.len() - count;
        let begun = out[..end].last_mut().map(|token| &mut token.token);
        if ends_line && !has_comment && begun.is_some_and(|text| go_on(text, more)) {
            out.truncate(end);
            return;
        }
    }
    out.push(token.clone());
}

/// Puts more into a string, and says whether it is one.
fn go_on(begun: &mut Token, more: &str) -> bool {
    match begun {
        Token::SingleQuotedString(text)
        | Token::NationalStringLiteral(text)
        | Token::SingleQuotedByteStringLiteral(text)
        | Token::HexStringLiteral(text) => text.push_str(more),
        Token::EscapedStringLiteral(text) => match unescaped(more) {
            Some(more) => text.push_str(&more),
            None => return false,
        },
        _ => return false,
    }
    true
}

/// A string in which the tokenizer did not look for escapes, as it was not told to.
fn unescaped(text: &str) -> Option<String> {
    let literal = format!("E'{}'", text.replace('\'', "''"));
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, &literal).tokenize();
    match tokens.ok()?.as_slice() {
        [Token::EscapedStringLiteral(text)] => Some(text.clone()),
        _ => None,
    }
}

fn is_end_of_line(blank: &Token) -> bool {
    use Whitespace as W;
    matches!(
        blank,
        Token::Whitespace(W::Newline | W::SingleLineComment { .. })
    )
}

fn is_long_comment(blank: &Token) -> bool {
    matches!(blank, Token::Whitespace(Whitespace::MultiLineComment(_)))
}

/// The tokens that are neither blanks nor comments.
fn code(tokens: &[TokenWithSpan]) -> impl DoubleEndedIterator<Item = &Token> {
    let all = tokens.iter().map(|token| &token.token);
    all.filter(|token| is_code(token))
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

/// As [`keyword`]; none is the name behind a dot.
fn keyword_behind(last: Option<&Token>, token: &Token) -> Keyword {
    match last {
        Some(Token::Period) => Keyword::NoKeyword,
        _ => keyword(token),
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
