-- Unusual forms of select: each is answered, or refused by name.

select trim(leading 'x' from 'xxaxx'), trim(trailing 'x' from 'xxaxx'), trim(both 'x' from 'xxaxx');

select trim('xy' from 'xyaxy'), trim(' a '), trim(from ' a '), trim('xax', 'x');

select trim(leading from ' a ') || '|', trim(trailing from ' a ') || '|', trim(both from ' a ') || '|';

select trim(leading from c) || '|', trim(both c from c), trim(trailing from c || ' ') from t;

select trim(leading 'xax', 'x');

select trim(from 'xax', 'x');

select trim(leading ' a ') || '|';

select trim(leading null from 'a') is null, trim(leading from null) is null;

select trim(leading from 1);

select 2 between symmetric 3 and 1, 2 between symmetric 1 and 3, 4 between symmetric 3 and 1, 2 not between symmetric 3 and 1;

select a, b from t where a between symmetric 2 and 0;

select a, b from t where not a between symmetric b and 1;

select a between symmetric b and 1, a not between symmetric null and 1 from t;

select 2 between asymmetric 1 and 3, 2 not between asymmetric 3 and 1;

select 2 between symmetric case when true and true then 3 else 0 end and 1 and true;

select 2 between symmetric (3) and (1), 2 between symmetric (2 + 1) and 1, 2 between symmetric (2) + 1 and 1;

select 'b' between symmetric 'c' and 'a', date '2024-01-01' between symmetric '2024-12-31' and '2023-01-01';

select 1 between symmetric 2;

select 1 between symmetric 'x' and 1;

select 1 between symmetric 2 and null, 3 between symmetric 2 and null, 1 between symmetric null and null;

select 2 between symmetric 1 + 2 and abs(-1) or false;

select 1 + 1 between symmetric 3 and 0 = true;

select a from t group by a having a between symmetric 1 and 0;

table t;

table public.customer;

table t order by a, b limit 2;

(table t) order by a, b, c;

table t union table t;

table t union all select 1, 2, 'x' order by 1, 2, 3;

select 1, 2, 'x' except table t;

-- refused
with w as (table t) table w;

with w as (table t) select * from w;

select * from (table t) as s;

select * from (table nothing) as s order by 1;

with one as (select a from t) select exists (table nothing), exists (table t), (select a from t where false) is null, 2 in (table one), 3 in (table one);

with one as (select 1 as a) select (table one) as x, array(table one);

with none as (select a from t where false) select (table none) is null, 1 in (table none), exists (table none), array(table none);

table missing;

-- refused
table only t;

table t where a = 1;

-- refused
table only (t);

select 1 as table, 2 as leading;

select 1 where 2 between 1 and 3 and 2 between symmetric 3 and 1;

-- refused
select * from only t;

-- refused
select * from only (t);

-- refused
select * from t *;

-- refused
select overlay('abcdef' placing 'XY' from 2);

-- refused
select overlay('abcdef' placing 'XY' from 2 for 4);

select substring('hello' from 2 for 3);

select substring('hello' for 2);

-- refused
select substring('hello' for 2 from 3);

select substring('hello' from 'l+');

-- refused
select substring('abcdefg' similar 'a#"b_d#"%' escape '#');

-- refused
select substring('abcdefg' from 'a#"b_d#"%' for '#');

select position('l' in 'hello'), position('' in 'a'), position('z' in 'hello');

select extract(year from date '2024-02-29'), extract('year' from date '2024-02-29'), extract(epoch from interval '1 day');

select extract(timezone_hour from timestamptz '2024-01-01 00:00:00+00');

values (1, 'b'), (2, 'a') order by 2;

values (1), (2), (3) order by column1 desc limit 2 offset 1;

-- refused
values (1, 2) order by column2 fetch first row only;

select a from t order by a, b, c fetch first 2 rows only;

-- refused
select a from t order by a, b, c fetch next row only;

select a from t order by a, b, c offset 2 rows fetch next 2 rows only;

select a from t order by a, b, c offset 1 row;

select a from t order by a, b, c offset 1 limit 1;

-- refused
select a from t order by a fetch first 2 rows with ties;

select a from t order by a, b, c limit all;

select a from t order by a, b, c limit null offset null;

select a from t order by a, b, c limit (1 + 1) offset (select 1);

-- refused
select a from t order by a, b, c fetch first (1 + 1) rows only;

select a from t order by a, b, c fetch first 1 + 1 rows only;

-- refused
select a from t order by a using >;

-- refused
select a from t order by a using operator(pg_catalog.<) nulls first;

select a is distinct from b, a is not distinct from b from t;

select null::boolean is unknown, true is not unknown, (a = b) is unknown from t;

select a isnull, b notnull from t;

select null isnull and 1 notnull;

select a is true from (values (true), (false), (null)) as v (a);

select a is not false from (values (true), (false), (null)) as v (a);

-- refused
select 'a' is document;

-- refused
select 'a' is normalized;

-- refused
select 'a' is nfc normalized;

-- refused
select c collate "C" from t order by c collate "C";

select c from t order by c collate "default";

-- refused
select c::text collate "default" from t;

select c collate pg_catalog."default" from t;

-- refused
select timestamptz '2024-01-01 00:00:00+00' at time zone 'UTC';

-- refused
select placed at time zone 'Europe/Paris' from orders;

select placed at local from orders;

-- refused
select row(1, 'a', null);

-- refused
select row();

-- refused
select (1, 2);

-- refused
select row(1, 2) = row(1, 2);

-- refused
select (1, 2) < (1, 3);

-- refused
select (1, 2) in ((1, 2), (3, 4));

-- refused
select (a, b) in (select 1, 10) from t;

-- refused
select (a, b) = (select 1, 10) from t;

-- refused
select row(1, null) is null;

-- refused
select row(1, null) is not null;

-- refused
select (1, 2) is distinct from (1, 3);

-- refused
select (date '2024-01-01', date '2024-02-01') overlaps (date '2024-01-15', date '2024-03-01');

-- refused
select (row(1, 2)).f1;

-- refused
select (t).a from t;

-- refused
select (t.*).a from t;

-- refused
select t.* is null from t;

-- refused
select t from t;

-- refused
select count(t), count(t.*) from t;

select array(select a from t order by a, b), array[1, 2], array[]::integer[];

select array[1, 2][1], (array[1, 2])[2], ('{1,2}'::int[])[1];

-- refused
select (array[1, 2, 3])[:2];

-- refused
select (array[1, 2, 3])[2:];

-- refused
select (array[1, 2, 3])[:];

-- refused
select a, count(*) from t group by grouping sets ((a), ());

-- refused
select a, count(*) from t group by cube (a);

-- refused
select a, grouping(a) from t group by rollup (a);

-- refused
select a from t group by distinct a;

-- refused
select a from t group by all a;

-- refused
select a, b from t group by distinct rollup (a, b);

-- refused
select a, sum(a) over (order by a rows between unbounded preceding and current row exclude current row) from t;

select a, sum(b) over (order by a groups between 1 preceding and 1 following) from t;

-- refused
select a, sum(b) over (order by a range between 1 preceding and 1 following) from t;

select a, count(*) over w from t window w as (partition by a), v as (w order by b);

select a, count(*) over (w order by b) from t window w as (partition by a);

select a, count(*) over (w) from t window w as (order by a);

select a, count(*) over (order by a rows 1 preceding) from t;

-- refused
select a from t for update;

-- refused
select a from t for no key update;

-- refused
select a from t for share of t nowait;

-- refused
select a from t for key share skip locked;

-- refused
select a from t order by a, b, c for read only;

-- refused
select a from t tablesample system (100);

-- refused
select a from t tablesample bernoulli (100) repeatable (1);

select a from t as x natural join nothing;

select * from t natural left join nothing;

select * from t join nothing using (a);

-- refused
select j.a from t join nothing using (a) as j;

-- refused
select * from (t join nothing using (a)) as j;

select * from (t cross join nothing);

select * from t as x (p, q) order by p, q, c;

select * from t x (p, q, r) order by p, q, r;

-- refused
select a into new_table from t;

-- refused
select a into temp new_table from t;

select 1 operator(pg_catalog.+) 2, 'a' operator(pg_catalog.||) 'b';

-- refused
select operator(pg_catalog.-) 1;

-- refused
select - operator(pg_catalog.-) 1;

select 1 operator(+) 2;

select '{1,2}'::integer[], '{a}'::text[], '{1}'::int4[];

-- refused
select '{1}'::integer array;

-- refused
select '{1}'::integer[3];

-- refused
select '{1}'::integer array[3];

-- refused
select '{{1}}'::integer[][];

select cast('{1}' as integer[]);

-- refused
select cast('{1}' as integer array);

select $$a'b$$, $tag$a$$b$tag$, $$$$;

select E'a\tb', E'\x41\u00e9\U0001F600', e'\101', E'it\'s', 'a\b';

select 'a'
'b', 'c' 
  'd';

select E'a\n'
'b';

select 'a' -- one
'b';

select 'a' 'b';

-- refused
select U&'d\0061t\+000061', U&'d!0061' uescape '!', u&'\\';

-- refused
select 1 as U&"d\0061t";

-- refused
select U&"\0061" from t;

select U&'\00';

-- refused
select B'101';

-- refused
select X'1F';

-- refused
select N'abc';

-- refused
select n'abc';

select 1., .5, 1e3, 1.5e-3;

select 1 "a""b", 2 AS "c d", 3 e;

select 1 /* a /* nested */ comment */ + 1 -- end
;

select all a from t;

select distinct all a from t;

-- refused
select from t;

-- refused
select;

-- refused
select count(*) from (select from t) as s;

-- refused
select 1 from t where exists (select from nothing);

select 1 union select 2 intersect select 2 order by 1;

(select 1) union (select 2) order by 1;

((select 1));

(select 1 limit 1) union all (select 2 limit 1);

select 1 union distinct select 1;

select 1 except all select 2;

select ((select 1)), (((select 2)));

-- refused
select a in ((select 1), 2) from t;

select 1 in ((select 1));

select 1 = any ((select array[1]));

select 1 = any (array(select 1)), 1 = some (array[1]), 1 <> all (select a from nothing);

-- refused
select 1 = any (values (1), (2));

select 'a' like any (array['a', 'b']);

-- refused
select 'a' not like all (array['b']);

-- refused
select 'A' ilike some (array['a']);

select 'a' like 'A' escape '\', 'a%' like 'a!%' escape '!', 'a' not ilike 'B' escape '';

-- refused
select 'abc' similar to '(a|b)%';

-- refused
select 'abc' not similar to 'x' escape '#';

select 'a' ~~ 'a', 'a' !~~ 'b', 'A' ~~* 'a', 'A' !~~* 'b';

select case a when 1 then 'one' when 2, 3 then 'more' end from t;

select case a when 1 then 'one' else 'other' end from t;

select cast(1 as text), text '1', integer '1', float8 '1.5', bool 't', bigint '7', uuid '00000000-0000-0000-0000-000000000001';

select int4 '7';

select pg_catalog.int4 '7';

select interval '1' day;

-- refused
select interval '1-2' year to month;

select interval(0) '1 second';

-- refused
select interval '1 day 02:03' day to minute;

-- refused
select timestamp '2024-01-01';

-- refused
select time '10:00';

select timestamp with time zone '2024-01-01 00:00+00';

select date '2024-01-01';

select timestamptz '2024-01-01 00:00+00';

-- refused
select '2024-01-01'::timestamp(3) with time zone;

select current_date = current_date;

-- refused
select current_timestamp(0) is null;

-- refused
select localtimestamp is null;

select current_user, current_role, session_user, user, current_catalog, current_schema;

select system_user;

select coalesce(null, 1), nullif(1, 1), greatest(1, 2), least('a', 'b');

-- refused
select treat('a' as text);

-- refused
select normalize('a');

-- refused
select normalize('a', nfd);

-- refused
select collation for ('a');

-- refused
select pg_collation_for('a');

-- refused
select xmlelement(name foo);

-- refused
select xmlparse(content 'x');

-- refused
select xmlconcat('<a/>', '<b/>');

select json_build_object('a', 1), '[1]'::json;

-- refused
select make_interval(days => 1);

-- refused
select make_interval(days := 1);

-- refused
select concat(variadic array['a', 'b']);

-- refused
select format('%s', variadic array['a']);

select count(all a), count(distinct a), sum(all a) from t;

select count(*) filter (where a > 1), string_agg(c, ',' order by c) from t;

-- refused
select percentile_disc(0.5) within group (order by a) from t;

-- refused
select rank(1) within group (order by a) from t;

select * from generate_series(1, 3);

-- refused
select * from generate_series(1, 3) as g (n), lateral (select n * 2 as m) as l;

select * from generate_series(1, 2) with ordinality as g (n, o);

-- refused
select * from rows from (generate_series(1, 2), generate_series(1, 3)) as r (a, b);

-- refused
select * from rows from (generate_series(1, 2)) with ordinality;

-- refused
select * from jsonb_to_record('{"a": 1}') as r (a integer);

-- refused
select * from jsonb_to_recordset('[{"a": 1}]') as r (a integer);

-- refused
select * from rows from (jsonb_to_recordset('[{"a": 1}]') as (a integer));

-- refused
select * from json_to_record('{"a": 1}') as r (a integer);

-- refused
select * from xmltable('/a' passing '<a/>' columns b text);

select * from unnest(array[1, 2], array['a']) as u (x, y);

-- refused
select * from current_date as d;

-- refused
select * from cast(1 as integer) as c;

-- refused
select * from coalesce(1, 2) as c;

select (select 1) as x;

-- refused
select (values (1));

select (with w as (select 1) select * from w);

with recursive r (n) as (values (1) union all select n + 1 from r where n < 3) select * from r order by n;

-- refused
with recursive r (n) as (select 1 union all select n + 1 from r where n < 3) search depth first by n set o select n from r;

-- refused
with recursive r (n) as (select 1 union all select n + 1 from r where n < 3) cycle n set c using p select n from r;

with w as materialized (select 1 as a), v as not materialized (select 2) select * from w, v;

-- refused
with w as (insert into nothing values (1) returning a) select * from w;

with w (x, y) as (values (1, 2)) select x + y from w;

with a as (with b as (select 1 as x) select * from b) select * from a;

select a.b.c from t;

-- refused
select public.t.a, postgres.public.t.a from public.t order by 1;

select t.* from t order by a, b, c;

-- refused
select public.t.* from t order by a, b, c;

-- refused
select * from postgres.public.nothing;

select a, * from nothing;

select 1 as "select", 2 as from_, 3 as "table";

select 1 a, 2 value, 3 name, 4 type;

select 1 as order, 2 as group, 3 as select;

-- refused
select -1 ^ 2;

select 2 ^ 3 ^ 2;

-- refused
select - 2 ^ 2;

-- refused
select @ -5;

-- refused
select |/ 9;

-- refused
select ||/ 27;

-- refused
select ~ 1;

select 5 # 3;

select 1 << 2;

select 8 >> 1;

select 7 % -3;

select 7 & 3;

select 4 | 1;

select 1 + -1, 1 - - 1, + 1, 1 <> 2, 1 != 2;

select not true and false;

select not (true and false);

-- refused
select true = not false;

select not not true;

select 'a' || 1, 1 || 'a', 'a' || null, array[1] || 2;

select '1'::int + '2', '1' + 2, 1.5::int;

select a::text::int::bigint from t;

select (a)::text, a :: text, cast(cast(a as text) as integer) from t;

-- refused
select 'abc'::bpchar;

-- refused
select 'a'::char;

-- refused
select 'a'::character(3);

-- refused
select 'a'::character varying(3);

select 'a'::"char";

select 'a'::name;

select 1::float;

-- refused
select 1::float(4);

-- refused
select 1::float(53);

select 1::double precision;

-- refused
select 1::real;

select 1::dec;

-- refused
select 1::decimal(3, 1);

-- refused
select 1::bit(3);

-- refused
select 1::bit;

-- refused
select '1'::varbit;

select true::int, 1::bool, 'yes'::bool, 'off'::bool;

select '{"a": 1}'::jsonb -> 'a';

-- refused
select ('{"a": [1]}'::jsonb)['a'];

-- refused
select ('{"a": [1]}'::jsonb)['a'][0];

-- refused
select jsonb '{"a": 1}' @? '$.a';

-- refused
select jsonb '{"a": 1}' @@ '$.a == 1';

-- refused
select jsonb_path_query('{"a": 1}', '$.a');

-- refused
select to_tsvector('a b') @@ to_tsquery('a');

-- refused
select int4range(1, 3);

-- refused
select '[1,3)'::int4range @> 2;

-- refused
select point(1, 2);

-- refused
select '(1,2)'::point <-> '(0,0)';

-- refused
select inet '127.0.0.1';

-- refused
select '127.0.0.1'::inet << '127.0.0.0/8';

-- refused
select money '1.00';

-- refused
select '1'::money;

select current_setting('server_version_num')::int > 0;

-- refused
select set_config('a.b', 'c', false);

select pg_typeof(1);

select pg_typeof(null);

select pg_typeof('a');

-- refused
select pg_typeof(row(1));

-- refused
select ctid, xmin, tableoid from nothing;

select oid from t;

select * from t where current of c;

select distinct on (a, b) a, b, c from t order by a, b, c;

select distinct on (a) a, b from t order by b;

select a from t order by a nulls last, b desc nulls first, c asc;

select a as x from t order by x + 1;

select a as b, b as a from t order by a, b;

select max(a) from t order by 1;

-- refused
select a, b from t order by (a, b);

select 1 from t order by 'x';

select a from t group by 1 having count(*) > 1 order by 1;

select a from t group by (a);

-- refused
select a from t group by (a, b);

-- refused
select a from t group by a, (), b;

select a + 1 from t group by a + 1 order by a + 1;

select 1 limit 0;

select 1 limit -1;

select 1 offset -1;

select 1 limit 'x';

select 1 limit a;

-- refused
select * from t a, lateral (select a.a) b;

-- refused
select * from t a left join lateral (select a.a as z) b on true;

select * from t full join nothing using (a) order by 1, 2, 3;

select * from t left outer join nothing on t.a = nothing.a and t.c = nothing.b order by 1, 2, 3;

select * from t cross join lateral generate_series(1, 2) g;

select * from t a natural full outer join t b;

select * from t a right join t b using (a, b);

select * from t, nothing where t.a = nothing.a;

select * from (values (1, 2), (3, 4)) as v (a, b);

select * from (values (1, 2)) v;

select * from (values (1, default)) v;

values (default);

select default;

values ((select 1), array(select 2));

select 'a' as a union all values ('b') order by 1;

values (1) union all values (2) order by 1;

select (1 = 1) is true is not null;

select null in (null), 1 in (1, null), 1 not in (2, null);

select exists (select 1 union select 2), not exists (select 1 where false);

-- refused
select grouping(a) from t group by a;

select a ?: b from t;

select a from t limit 1, 2;

select `a` from t;

select * exclude a from t;

select * except (a) from t;

select a, from t;

from t;

from t select a;

select a from t join nothing;

select a from t left join nothing;

select 1 == 1;

select 'a' glob 'b';

select 1 div 2;

select 1 is not 2;

select 'abc' 'def';

select 1::unknown_type;

select :a;

select ?;

select date'2024-01-01';

select lambda(x -> x);

select x -> x + 1;

select {'a': 1};

select map {'a': 1};

select a.1 from t;

select t.a.b from t;

select * from t where a = 1 limit 1 by a;

select * from t final;

select * from t sample 1;

select * from t prewhere a = 1;

select a from t group by a with rollup;

select a from t group by a with totals;

select a from t order by all;

select a from t order by a with fill;

select * from t settings a = 1;

select * from t format json;

select * from t use index (a);

select sql_no_cache a from t;

select straight_join a from t;

select high_priority a from t;

select * from t at (timestamp => 1);

select * from t for system_time as of 1;

select * from t version as of 1;

select * replace (1 as a) from t;

select * rename a as b from t;

select * ilike 'a' from t;

select a from t start with a = 1 connect by prior a = b;

select a from t cluster by a;

select a from t distribute by a;

select a from t sort by a;

select * from 'file';

select a from "t" "x" where "x"."a" = 1;

select substring('abc', 2, 1), substr('abc', 2), substring('abc' from 2);

select extract('century' from date '2024-01-01');

select extract(week from date '2024-01-01'), extract(isoyear from date '2024-01-01');

select extract(nonsense from date '2024-01-01');

select floor(1.5), ceiling(1.5);

select trim(leading 'x' 'xax');

select overlay('abc' 'x' from 1);

select count(a, b) from t;

select count() from t;

select sum(*) from t;

select f(*) from t;

select first_value(a) over () from t where a = 1;

select first_value(a) from t;

select sum(a) over (partition by a order by b desc nulls last rows between 1 preceding and unbounded following) from t where a = 1;

-- another place
select sum(a) over (rows unbounded following) from t;

select sum(a) over (range current row) from t where a = 1;

select row_number() over w from t;

select a, over from t;

select sum(a) over w from t window w as ();

select sum(a) over (), count(*) over (order by a) from t order by 1, 2;

select trim(leading case when 1 is distinct from 2 then 'xax' end, 'x'), trim(trailing case when 1 is not distinct from 1 then 'xax' end, 'x');

select trim(leading s.from, 'x'), trim(leading 'x' from s.from), trim(both 'x' from case when 1 is distinct from 2 then 'xax' end) from (select 'xax' as "from") as s;

select trim(leading 'x', 'y' from 'z');

select trim(leading);

select trim(from);

select trim(both from);

select trim();

select trim from (select 1 as trim) as s;

select s.trim, trim + 1 as trim from (select 1 as trim) as s where trim = 1;

select (2 between symmetric 3) and 1);

select 2 between asymmetric symmetric 3 and 1;

select 2 between symmetric asymmetric 3 and 1;

select 2 between symmetric distinct 3 and 1;

select 2 between symmetric all 3 and 1;

select 2 between symmetric 3 order by 1 and 1;

select 2 between symmetric 3 limit 1 and 1;

select 2 between symmetric 3 where true and 1;

select 2 between symmetric and 1;

select 2 between symmetric 1, 2 and 3;

select 2 between symmetric select 1 and 3;

select 2 between symmetric * and 3;

select 2 between symmetric x => 1 and 3;

select symmetric(1);

select 2 between symmetric symmetric(1) and 3;

select 2 between 1 and symmetric(3);

-- refused, 42883
select "symmetric"(1);

select true between symmetric true or false and true;

select true between symmetric not true and false;

select true between symmetric 1 is null and false;

select true between symmetric 1 in (1) and false;

select 2 between symmetric s.case and 3, 2 between symmetric 3 and s.and, 2 between symmetric s.and and s.case from (select 1 as "case", 3 as "and") as s;

select 'a'
/* c */ 'b';

select 'a' /* c */
'b';

select 'a' -- c
  -- d

  'b';

select E'a'
'\t', E'a'
'b' '';

select E'a'
'\t\x41it''s';

-- refused
select N'a'
'b';

-- refused
select B'1'
'0';

-- refused
select X'1'
'F';

select name as 'Name' from customer;

select id as 'Id', name from customer;

select city 'Town' from customer;

select name city 'Town' from customer;

-- refused, 3F000
select customer.name 'x' from customer;

select name 'n', oid '7', 'x' || name 'n';

select 1 from customer 'c';

select extract(epoch from a * 2) from t order y 1;

select 1 in ((select 1)) fro t t;

select 1 operator(pg_catalog.+) 2 fro t t;

select a from t group by all;

select xmin from (select 1 as a) as s;

select s.ctid from (select 1 as a) as s;

select xmin;

-- refused
select xmin from t;

-- refused
select (select t.ctid) from t;

-- refused, 42883
select isnull(1);

select a isnull(1) from t;

-- refused
table t *;

select 1 = all (values (1)) fro t t;

select inet '127.0.0.1' fro t t;

select pg_catalog.name 'n', pg_catalog . text 'x', nope 'x';

select a as b, pg_catalog.int4 '7' as c, t.a as d from t where c = pg_catalog.text 'x';

select 1 < 2 = any (array[true]);

select a is distinct from b is distinct from c from t;

select 1 = 2 <> true;
