-- Functions of text over the same few values; order of texts.

select length('abc');

select length('');

select length(null::text);

select length('aéb ß');

select length(' ab ');

select upper('abc');

select upper('');

select upper(null::text);

select upper('aéb ß');

select upper(' ab ');

select lower('abc');

select lower('');

select lower(null::text);

select lower('aéb ß');

select lower(' ab ');

select reverse('abc');

select reverse('');

select reverse(null::text);

select reverse('aéb ß');

select reverse(' ab ');

select trim('abc');

select trim('');

select trim(null::text);

select trim('aéb ß');

select trim(' ab ');

select ascii('abc');

select ascii('');

select ascii(null::text);

select ascii('aéb ß');

select ascii(' ab ');

select left('abc', 2);

select left('', 2);

select left(null::text, 2);

select left('aéb ß', 2);

select left(' ab ', 2);

select left('abc', -1);

select left('', -1);

select left(null::text, -1);

select left('aéb ß', -1);

select left(' ab ', -1);

select right('abc', 2);

select right('', 2);

select right(null::text, 2);

select right('aéb ß', 2);

select right(' ab ', 2);

select right('abc', -1);

select right('', -1);

select right(null::text, -1);

select right('aéb ß', -1);

select right(' ab ', -1);

select substr('abc', 2);

select substr('', 2);

select substr(null::text, 2);

select substr('aéb ß', 2);

select substr(' ab ', 2);

select substr('abc', 0, 2);

select substr('', 0, 2);

select substr(null::text, 0, 2);

select substr('aéb ß', 0, 2);

select substr(' ab ', 0, 2);

select substr('abc', -1, 3);

select substr('', -1, 3);

select substr(null::text, -1, 3);

select substr('aéb ß', -1, 3);

select substr(' ab ', -1, 3);

select substr('abc', 2, -1);

select substr('', 2, -1);

select substr(null::text, 2, -1);

select substr('aéb ß', 2, -1);

select substr(' ab ', 2, -1);

select repeat('abc', 2);

select repeat('', 2);

select repeat(null::text, 2);

select repeat('aéb ß', 2);

select repeat(' ab ', 2);

select repeat('abc', -1);

select repeat('', -1);

select repeat(null::text, -1);

select repeat('aéb ß', -1);

select repeat(' ab ', -1);

select lpad('abc', 5);

select lpad('', 5);

select lpad(null::text, 5);

select lpad('aéb ß', 5);

select lpad(' ab ', 5);

select lpad('abc', 5, 'xy');

select lpad('', 5, 'xy');

select lpad(null::text, 5, 'xy');

select lpad('aéb ß', 5, 'xy');

select lpad(' ab ', 5, 'xy');

select lpad('abc', 2);

select lpad('', 2);

select lpad(null::text, 2);

select lpad('aéb ß', 2);

select lpad(' ab ', 2);

select rpad('abc', 5, '');

select rpad('', 5, '');

select rpad(null::text, 5, '');

select rpad('aéb ß', 5, '');

select rpad(' ab ', 5, '');

select strpos('abc', 'b');

select strpos('', 'b');

select strpos(null::text, 'b');

select strpos('aéb ß', 'b');

select strpos(' ab ', 'b');

select replace('abc', 'b', 'XX');

select replace('', 'b', 'XX');

select replace(null::text, 'b', 'XX');

select replace('aéb ß', 'b', 'XX');

select replace(' ab ', 'b', 'XX');

select translate('abc', 'ab', 'x');

select translate('', 'ab', 'x');

select translate(null::text, 'ab', 'x');

select translate('aéb ß', 'ab', 'x');

select translate(' ab ', 'ab', 'x');

select split_part('abc', 'b', 1);

select split_part('', 'b', 1);

select split_part(null::text, 'b', 1);

select split_part('aéb ß', 'b', 1);

select split_part(' ab ', 'b', 1);

select split_part('abc', 'b', -1);

select split_part('', 'b', -1);

select split_part(null::text, 'b', -1);

select split_part('aéb ß', 'b', -1);

select split_part(' ab ', 'b', -1);

select split_part('abc', 'b', 0);

select split_part('', 'b', 0);

select split_part(null::text, 'b', 0);

select split_part('aéb ß', 'b', 0);

select split_part(' ab ', 'b', 0);

select concat('abc', null, 1);

select concat('', null, 1);

select concat(null::text, null, 1);

select concat('aéb ß', null, 1);

select concat(' ab ', null, 1);

select concat_ws('-', 'abc', null, 'z');

select concat_ws('-', '', null, 'z');

select concat_ws('-', null::text, null, 'z');

select concat_ws('-', 'aéb ß', null, 'z');

select concat_ws('-', ' ab ', null, 'z');

select quote_ident('abc');

select quote_ident('');

select quote_ident(null::text);

select quote_ident('aéb ß');

select quote_ident(' ab ');

select octet_length('abc');

select octet_length('');

select octet_length(null::text);

select octet_length('aéb ß');

select octet_length(' ab ');

select starts_with('abc', 'a');

select starts_with('', 'a');

select starts_with(null::text, 'a');

select starts_with('aéb ß', 'a');

select starts_with(' ab ', 'a');

-- refused
select overlay('abc' placing 'Q' from 2);

-- refused
select overlay('' placing 'Q' from 2);

-- refused
select overlay(null::text placing 'Q' from 2);

-- refused
select overlay('aéb ß' placing 'Q' from 2);

-- refused
select overlay(' ab ' placing 'Q' from 2);

select initcap('abc');

select initcap('');

select initcap(null::text);

select initcap('aéb ß');

select initcap(' ab ');

select md5('abc');

select md5('');

select md5(null::text);

select md5('aéb ß');

select md5(' ab ');

select to_hex(length('abc'));

select to_hex(length(''));

select to_hex(length(null::text));

select to_hex(length('aéb ß'));

select to_hex(length(' ab '));

select chr(65 + length('abc'));

select chr(65 + length(''));

select chr(65 + length(null::text));

select chr(65 + length('aéb ß'));

select chr(65 + length(' ab '));

select encode('abc'::bytea, 'hex');

select encode(''::bytea, 'hex');

select encode(null::text::bytea, 'hex');

select encode('aéb ß'::bytea, 'hex');

select encode(' ab '::bytea, 'hex');

select btrim('abc', 'a');

select btrim('', 'a');

select btrim(null::text, 'a');

select btrim('aéb ß', 'a');

select btrim(' ab ', 'a');

select regexp_replace('abc', 'b', 'c');

select regexp_replace('', 'b', 'c');

select regexp_replace(null::text, 'b', 'c');

select regexp_replace('aéb ß', 'b', 'c');

select regexp_replace(' ab ', 'b', 'c');

select substring('abc' from 'b.');

select substring('' from 'b.');

select substring(null::text from 'b.');

select substring('aéb ß' from 'b.');

select substring(' ab ' from 'b.');

select format('%s', 'abc');

select format('%s', '');

select format('%s', null::text);

select format('%s', 'aéb ß');

select format('%s', ' ab ');

select 'a' < 'a', 'a' = 'a', 'a' <= 'a';

select 'a' < 'B', 'a' = 'B', 'a' <= 'B';

select 'a' < 'b', 'a' = 'b', 'a' <= 'b';

select 'a' < '', 'a' = '', 'a' <= '';

select 'a' < 'é', 'a' = 'é', 'a' <= 'é';

select 'a' < 'z', 'a' = 'z', 'a' <= 'z';

select 'a' < 'a ', 'a' = 'a ', 'a' <= 'a ';

select 'a' < null, 'a' = null, 'a' <= null;

select 'B' < 'a', 'B' = 'a', 'B' <= 'a';

select 'B' < 'B', 'B' = 'B', 'B' <= 'B';

select 'B' < 'b', 'B' = 'b', 'B' <= 'b';

select 'B' < '', 'B' = '', 'B' <= '';

select 'B' < 'é', 'B' = 'é', 'B' <= 'é';

select 'B' < 'z', 'B' = 'z', 'B' <= 'z';

select 'B' < 'a ', 'B' = 'a ', 'B' <= 'a ';

select 'B' < null, 'B' = null, 'B' <= null;

select 'b' < 'a', 'b' = 'a', 'b' <= 'a';

select 'b' < 'B', 'b' = 'B', 'b' <= 'B';

select 'b' < 'b', 'b' = 'b', 'b' <= 'b';

select 'b' < '', 'b' = '', 'b' <= '';

select 'b' < 'é', 'b' = 'é', 'b' <= 'é';

select 'b' < 'z', 'b' = 'z', 'b' <= 'z';

select 'b' < 'a ', 'b' = 'a ', 'b' <= 'a ';

select 'b' < null, 'b' = null, 'b' <= null;

select '' < 'a', '' = 'a', '' <= 'a';

select '' < 'B', '' = 'B', '' <= 'B';

select '' < 'b', '' = 'b', '' <= 'b';

select '' < '', '' = '', '' <= '';

select '' < 'é', '' = 'é', '' <= 'é';

select '' < 'z', '' = 'z', '' <= 'z';

select '' < 'a ', '' = 'a ', '' <= 'a ';

select '' < null, '' = null, '' <= null;

select 'é' < 'a', 'é' = 'a', 'é' <= 'a';

select 'é' < 'B', 'é' = 'B', 'é' <= 'B';

select 'é' < 'b', 'é' = 'b', 'é' <= 'b';

select 'é' < '', 'é' = '', 'é' <= '';

select 'é' < 'é', 'é' = 'é', 'é' <= 'é';

select 'é' < 'z', 'é' = 'z', 'é' <= 'z';

select 'é' < 'a ', 'é' = 'a ', 'é' <= 'a ';

select 'é' < null, 'é' = null, 'é' <= null;

select 'z' < 'a', 'z' = 'a', 'z' <= 'a';

select 'z' < 'B', 'z' = 'B', 'z' <= 'B';

select 'z' < 'b', 'z' = 'b', 'z' <= 'b';

select 'z' < '', 'z' = '', 'z' <= '';

select 'z' < 'é', 'z' = 'é', 'z' <= 'é';

select 'z' < 'z', 'z' = 'z', 'z' <= 'z';

select 'z' < 'a ', 'z' = 'a ', 'z' <= 'a ';

select 'z' < null, 'z' = null, 'z' <= null;

select 'a ' < 'a', 'a ' = 'a', 'a ' <= 'a';

select 'a ' < 'B', 'a ' = 'B', 'a ' <= 'B';

select 'a ' < 'b', 'a ' = 'b', 'a ' <= 'b';

select 'a ' < '', 'a ' = '', 'a ' <= '';

select 'a ' < 'é', 'a ' = 'é', 'a ' <= 'é';

select 'a ' < 'z', 'a ' = 'z', 'a ' <= 'z';

select 'a ' < 'a ', 'a ' = 'a ', 'a ' <= 'a ';

select 'a ' < null, 'a ' = null, 'a ' <= null;

select null < 'a', null = 'a', null <= 'a';

select null < 'B', null = 'B', null <= 'B';

select null < 'b', null = 'b', null <= 'b';

select null < '', null = '', null <= '';

select null < 'é', null = 'é', null <= 'é';

select null < 'z', null = 'z', null <= 'z';

select null < 'a ', null = 'a ', null <= 'a ';

select null < null, null = null, null <= null;

select upper('x'::varchar), 'a'::varchar || 'b', length('abc'::varchar), 'a'::varchar = 'a', 'a'::varchar < 'b'::text;

select coalesce('a'::varchar, 'b'), case when true then 'a'::varchar else 'b'::text end;

select min('a'::varchar), max('b'::varchar);

select pg_typeof('a'::varchar || 'b'), pg_typeof(coalesce('a'::varchar, 'b'::text));

select 'a'::varchar like 'a%', 'a'::varchar ~ 'a';

select 'a'::varchar union select 'b'::text order by 1;

select upper('x'::name), 'a'::name || 'b', length('abc'::name), 'a'::name = 'a', 'a'::name < 'b'::text;

select coalesce('a'::name, 'b'), case when true then 'a'::name else 'b'::text end;

select min('a'::name), max('b'::name);

select pg_typeof('a'::name || 'b'), pg_typeof(coalesce('a'::name, 'b'::text));

select 'a'::name like 'a%', 'a'::name ~ 'a';

select 'a'::name union select 'b'::text order by 1;

-- every word of the language
select w, quote_ident(w) from unnest(string_to_array('abort absolute access action add admin after aggregate all also alter always analyse analyze and any array as asc asensitive assertion assignment asymmetric at atomic attach attribute authorization backward before begin between bigint binary bit boolean both breadth by cache call called cascade cascaded case cast catalog chain char character characteristics check checkpoint class close cluster coalesce collate collation column columns comment comments commit committed compression concurrently configuration conflict connection constraint constraints content continue conversion copy cost create cross csv cube current current_catalog current_date current_role current_schema current_time current_timestamp current_user cursor', ' ')) w;

select w, quote_ident(w) from unnest(string_to_array('cycle data database day deallocate dec decimal declare default defaults deferrable deferred definer delete delimiter delimiters depends depth desc detach dictionary disable discard distinct do document domain double drop each else enable encoding encrypted end enum escape event except exclude excluding exclusive execute exists explain expression extension external extract false family fetch filter finalize first float following for force foreign forward freeze from full function functions generated global grant granted greatest group grouping groups handler having header hold hour identity if ilike immediate immutable implicit import in include including increment', ' ')) w;

select w, quote_ident(w) from unnest(string_to_array('index indexes inherit inherits initially inline inner inout input insensitive insert instead int integer intersect interval into invoker is isnull isolation join key label language large last lateral leading leakproof least left level like limit listen load local localtime localtimestamp location lock locked logged mapping match matched materialized maxvalue merge method minute minvalue mode month move name names national natural nchar new next nfc nfd nfkc nfkd no none normalize normalized not nothing notify notnull nowait null nullif nulls numeric object of off offset oids old on only operator option', ' ')) w;

select w, quote_ident(w) from unnest(string_to_array('options or order ordinality others out outer over overlaps overlay overriding owned owner parallel parameter parser partial partition passing password placing plans policy position preceding precision prepare prepared preserve primary prior privileges procedural procedure procedures program publication quote range read real reassign recheck recursive ref references referencing refresh reindex relative release rename repeatable replace replica reset restart restrict return returning returns revoke right role rollback rollup routine routines row rows rule savepoint schema schemas scroll search second security select sequence sequences serializable server session session_user set setof sets share show', ' ')) w;

select w, quote_ident(w) from unnest(string_to_array('similar simple skip smallint snapshot some sql stable standalone start statement statistics stdin stdout storage stored strict strip subscription substring support symmetric sysid system table tables tablesample tablespace temp template temporary text then ties time timestamp to trailing transaction transform treat trigger trim true truncate trusted type types uescape unbounded uncommitted unencrypted union unique unknown unlisten unlogged until update user using vacuum valid validate validator value values varchar variadic varying verbose version view views volatile when where whitespace window with within without work wrapper write xml xmlattributes xmlconcat xmlelement xmlexists', ' ')) w;

select w, quote_ident(w) from unnest(string_to_array('xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable year yes zone', ' ')) w;

select quote_ident('a b'), quote_ident('A'), quote_ident('a"b'), quote_ident('1a'), quote_ident('_a1'), quote_ident(''), quote_ident('é'), quote_ident(null);
