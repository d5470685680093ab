-- Text functions, like, order of text.

select length('héllo'), char_length('日本'), octet_length('héllo'), bit_length('é'), length('');

select lower('ÀÉ Straße ΣΊΣΥΦΟΣ'), upper('straße ﬁ éß ǆ'), lower('İ'), upper('ı');

select upper(name), lower(name), length(name) from customer order by id;

select substring('hello' from 2 for 3), substring('hello' from 2), substring('hello' for 2), substr('hello', 2, 2);

select substring('hello' from -1 for 4), substring('hello' from 0), substring('hello' from 10), substr('hello', 3, 0);

select substring('hello' from 2 for -1);

select substr('hello', 2147483647, 2147483647), substr('hello', -2147483648, 2147483647);

select left('hello', 2), left('hello', -2), left('hello', 10), left('hello', -10), right('hello', 2), right('hello', -2), right('héé', 2);

select trim('  x  '), trim(both 'xy' from 'xyaxy'), trim(leading ' ' from '  a '), trim(trailing 'a' from 'baa'), btrim('xxhixx', 'x'), ltrim(' a'), rtrim('a ');

select trim(E'\t a \n');

select '[' || btrim(c) || ']' from t where c is not null;

select position('l' in 'hello'), strpos('hello', 'z'), position('' in 'abc'), strpos('日本語', '語');

select replace('aaa', 'a', 'bb'), replace('abc', '', 'x'), replace('abc', 'b', '');

select translate('12345', '143', 'ax'), translate('aa', 'aa', 'xy');

select split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), split_part('a,b,c', ',', 9), split_part('abc', '', 1), split_part('', ',', 1);

select split_part('a', ',', 0);

select lpad('7', 3, '0'), lpad('hello', 2), lpad('x', 4), rpad('x', 4, 'ab'), rpad('hello', 3), lpad('x', 5, ''), lpad('x', -1);

select repeat('ab', 3), repeat('x', 0), repeat('x', -1), reverse('héllo'), starts_with('hello', 'he');

select ascii('é'), ascii(''), chr(233), chr(65);

select chr(0);

select chr(-1);

select concat('a', null, 1, true, 1.50, date '2024-01-01'), concat(null), concat_ws('-', 'a', null, 'b', 2), concat_ws(null, 'a', 'b');

select 'a' || 'b', 'a' || 1, 1 || 'a', true || 'x', 'x' || null, 'd' || date '2024-01-01', 1.5 || 'x';

select 1 || 2;

select 'a' like 'a', 'abc' like 'a%', 'abc' like '_b_', 'abc' like 'a', 'ABC' like 'abc', '' like '%', 'abc' like '%c';

select 'a%c' like 'a\%c', 'abc' like 'a\%c', 'a_c' like 'a\_c', 'a\c' like 'a\\c', '100%' like '100!%' escape '!', 'a%' like 'a%' escape '';

select 'abc' like 'abc\';

select 'ab' like 'abc\';

select 'x' like 'x' escape 'ab';

select name from customer where name like '%\%' order by name;

select name from customer where name like '%\_%' order by name;

select name from customer where name ilike '%é%' or name ilike 'B%' order by name;

select 'É' ilike 'é', 'ÀB' ilike '%b', 'straße' ilike 'STRASSE', 'a' not ilike 'A', 'a' not like 'b';

select 'aXbXc' like 'a%b%c', 'aaa' like '%a_', 'ab' like '_%_%', 'a' like '_%_%', null like 'a', 'a' like null;

select 'line
two' like 'line%two', 'a''b' like '%''%';

select name from customer order by name;

select name from customer order by name desc;

select name from customer order by lower(name), id;

select c from t order by c nulls first;

select distinct city from customer order by city;

select min(name), max(name) from customer;

select 'a' = 'a ', 'a' < 'a ', 'é' = 'é';

select name || ' <' || email || '>' from customer order by id;

select trim(leading from '  a ');

select E'a\nb', E'tab\there', 'it''s', $$dollar$$;

-- refused
select U&'\00e9';

select encode('\xdeadbeef', 'hex'), encode('\x00ff10', 'base64'), decode('00ff', 'hex');

select decode('0g', 'hex');

select encode('\x00', 'rot13');

select 'abc' ~ 'b';

select regexp_replace('abc', 'b', 'x');

-- refused: similar to
select 'abc' similar to 'a%';

select initcap('hello world');

select format('%s', 'x');

select string_to_array('a,b', ',');

select lower(1);

select length(1);

select substr(1, 2);

-- refused
select 'a' collate "C" < 'B';
