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

-- refused
select initcap('abc');

-- refused
select initcap('');

-- refused
select initcap(null::text);

-- refused
select initcap('aéb ß');

-- refused
select initcap(' ab ');

-- refused
select md5('abc');

-- refused
select md5('');

-- refused
select md5(null::text);

-- refused
select md5('aéb ß');

-- refused
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

-- refused
select regexp_replace('abc', 'b', 'c');

-- refused
select regexp_replace('', 'b', 'c');

-- refused
select regexp_replace(null::text, 'b', 'c');

-- refused
select regexp_replace('aéb ß', 'b', 'c');

-- refused
select regexp_replace(' ab ', 'b', 'c');

-- refused
select substring('abc' from 'b.');

-- refused
select substring('' from 'b.');

-- refused
select substring(null::text from 'b.');

-- refused
select substring('aéb ß' from 'b.');

-- refused
select substring(' ab ' from 'b.');

-- refused
select format('%s', 'abc');

-- refused
select format('%s', '');

-- refused
select format('%s', null::text);

-- refused
select format('%s', 'aéb ß');

-- refused
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

