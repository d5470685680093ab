-- Arrays: literals, functions, any and all, functions that answer rows.

select array[1,2,3];

select array_length(array[1,2,3], 1), cardinality(array[1,2,3]), array_upper(array[1,2,3], 1), array_lower(array[1,2,3], 1), array_ndims(array[1,2,3]);

select array_to_string(array[1,2,3], ','), array_to_string(array[1,2,3], '-', '*');

select (array[1,2,3])[1], (array[1,2,3])[2], (array[1,2,3])[0], (array[1,2,3])[9];

select unnest(array[1,2,3]);

select * from unnest(array[1,2,3]) with ordinality as t(x, n) order by n;

select array[1,2,3] || array[1,2,3];

select to_jsonb(array[1,2,3]);

select array[1,2,3] = array[1,2,3], array[1,2,3] < array[1,2,3], array[1,2,3] is null;

select array_length(array[1,2,3], 2);

select pg_typeof(array[1,2,3]);

select (array[1,2,3])::text;

select generate_subscripts(array[1,2,3], 1);

select '{}'::int[];

select array_length('{}'::int[], 1), cardinality('{}'::int[]), array_upper('{}'::int[], 1), array_lower('{}'::int[], 1), array_ndims('{}'::int[]);

select array_to_string('{}'::int[], ','), array_to_string('{}'::int[], '-', '*');

select ('{}'::int[])[1], ('{}'::int[])[2], ('{}'::int[])[0], ('{}'::int[])[9];

select unnest('{}'::int[]);

select * from unnest('{}'::int[]) with ordinality as t(x, n) order by n;

select '{}'::int[] || '{}'::int[];

select to_jsonb('{}'::int[]);

select '{}'::int[] = '{}'::int[], '{}'::int[] < '{}'::int[], '{}'::int[] is null;

select array_length('{}'::int[], 2);

select pg_typeof('{}'::int[]);

select ('{}'::int[])::text;

select generate_subscripts('{}'::int[], 1);

select array[1,null,3];

select array_length(array[1,null,3], 1), cardinality(array[1,null,3]), array_upper(array[1,null,3], 1), array_lower(array[1,null,3], 1), array_ndims(array[1,null,3]);

select array_to_string(array[1,null,3], ','), array_to_string(array[1,null,3], '-', '*');

select (array[1,null,3])[1], (array[1,null,3])[2], (array[1,null,3])[0], (array[1,null,3])[9];

select unnest(array[1,null,3]);

select * from unnest(array[1,null,3]) with ordinality as t(x, n) order by n;

select array[1,null,3] || array[1,null,3];

select to_jsonb(array[1,null,3]);

select array[1,null,3] = array[1,null,3], array[1,null,3] < array[1,null,3], array[1,null,3] is null;

select array_length(array[1,null,3], 2);

select pg_typeof(array[1,null,3]);

select (array[1,null,3])::text;

select generate_subscripts(array[1,null,3], 1);

select null::int[];

select array_length(null::int[], 1), cardinality(null::int[]), array_upper(null::int[], 1), array_lower(null::int[], 1), array_ndims(null::int[]);

select array_to_string(null::int[], ','), array_to_string(null::int[], '-', '*');

select (null::int[])[1], (null::int[])[2], (null::int[])[0], (null::int[])[9];

select unnest(null::int[]);

select * from unnest(null::int[]) with ordinality as t(x, n) order by n;

select null::int[] || null::int[];

select to_jsonb(null::int[]);

select null::int[] = null::int[], null::int[] < null::int[], null::int[] is null;

select array_length(null::int[], 2);

select pg_typeof(null::int[]);

select (null::int[])::text;

select generate_subscripts(null::int[], 1);

select array['a','b c',null];

select array_length(array['a','b c',null], 1), cardinality(array['a','b c',null]), array_upper(array['a','b c',null], 1), array_lower(array['a','b c',null], 1), array_ndims(array['a','b c',null]);

select array_to_string(array['a','b c',null], ','), array_to_string(array['a','b c',null], '-', '*');

select (array['a','b c',null])[1], (array['a','b c',null])[2], (array['a','b c',null])[0], (array['a','b c',null])[9];

select unnest(array['a','b c',null]);

select * from unnest(array['a','b c',null]) with ordinality as t(x, n) order by n;

select array['a','b c',null] || array['a','b c',null];

select to_jsonb(array['a','b c',null]);

select array['a','b c',null] = array['a','b c',null], array['a','b c',null] < array['a','b c',null], array['a','b c',null] is null;

select array_length(array['a','b c',null], 2);

select pg_typeof(array['a','b c',null]);

select (array['a','b c',null])::text;

select generate_subscripts(array['a','b c',null], 1);

select array[true,false];

select array_length(array[true,false], 1), cardinality(array[true,false]), array_upper(array[true,false], 1), array_lower(array[true,false], 1), array_ndims(array[true,false]);

select array_to_string(array[true,false], ','), array_to_string(array[true,false], '-', '*');

select (array[true,false])[1], (array[true,false])[2], (array[true,false])[0], (array[true,false])[9];

select unnest(array[true,false]);

select * from unnest(array[true,false]) with ordinality as t(x, n) order by n;

select array[true,false] || array[true,false];

select to_jsonb(array[true,false]);

select array[true,false] = array[true,false], array[true,false] < array[true,false], array[true,false] is null;

select array_length(array[true,false], 2);

select pg_typeof(array[true,false]);

select (array[true,false])::text;

select generate_subscripts(array[true,false], 1);

select array[1.5,2];

select array_length(array[1.5,2], 1), cardinality(array[1.5,2]), array_upper(array[1.5,2], 1), array_lower(array[1.5,2], 1), array_ndims(array[1.5,2]);

select array_to_string(array[1.5,2], ','), array_to_string(array[1.5,2], '-', '*');

select (array[1.5,2])[1], (array[1.5,2])[2], (array[1.5,2])[0], (array[1.5,2])[9];

select unnest(array[1.5,2]);

select * from unnest(array[1.5,2]) with ordinality as t(x, n) order by n;

select array[1.5,2] || array[1.5,2];

select to_jsonb(array[1.5,2]);

select array[1.5,2] = array[1.5,2], array[1.5,2] < array[1.5,2], array[1.5,2] is null;

select array_length(array[1.5,2], 2);

select pg_typeof(array[1.5,2]);

select (array[1.5,2])::text;

select generate_subscripts(array[1.5,2], 1);

select array[10::bigint];

select array_length(array[10::bigint], 1), cardinality(array[10::bigint]), array_upper(array[10::bigint], 1), array_lower(array[10::bigint], 1), array_ndims(array[10::bigint]);

select array_to_string(array[10::bigint], ','), array_to_string(array[10::bigint], '-', '*');

select (array[10::bigint])[1], (array[10::bigint])[2], (array[10::bigint])[0], (array[10::bigint])[9];

select unnest(array[10::bigint]);

select * from unnest(array[10::bigint]) with ordinality as t(x, n) order by n;

select array[10::bigint] || array[10::bigint];

select to_jsonb(array[10::bigint]);

select array[10::bigint] = array[10::bigint], array[10::bigint] < array[10::bigint], array[10::bigint] is null;

select array_length(array[10::bigint], 2);

select pg_typeof(array[10::bigint]);

select (array[10::bigint])::text;

select generate_subscripts(array[10::bigint], 1);

select array[date '2024-01-01'];

select array_length(array[date '2024-01-01'], 1), cardinality(array[date '2024-01-01']), array_upper(array[date '2024-01-01'], 1), array_lower(array[date '2024-01-01'], 1), array_ndims(array[date '2024-01-01']);

select array_to_string(array[date '2024-01-01'], ','), array_to_string(array[date '2024-01-01'], '-', '*');

select (array[date '2024-01-01'])[1], (array[date '2024-01-01'])[2], (array[date '2024-01-01'])[0], (array[date '2024-01-01'])[9];

select unnest(array[date '2024-01-01']);

select * from unnest(array[date '2024-01-01']) with ordinality as t(x, n) order by n;

select array[date '2024-01-01'] || array[date '2024-01-01'];

select to_jsonb(array[date '2024-01-01']);

select array[date '2024-01-01'] = array[date '2024-01-01'], array[date '2024-01-01'] < array[date '2024-01-01'], array[date '2024-01-01'] is null;

select array_length(array[date '2024-01-01'], 2);

select pg_typeof(array[date '2024-01-01']);

select (array[date '2024-01-01'])::text;

select generate_subscripts(array[date '2024-01-01'], 1);

select array[]::text[];

select array_length(array[]::text[], 1), cardinality(array[]::text[]), array_upper(array[]::text[], 1), array_lower(array[]::text[], 1), array_ndims(array[]::text[]);

select array_to_string(array[]::text[], ','), array_to_string(array[]::text[], '-', '*');

select (array[]::text[])[1], (array[]::text[])[2], (array[]::text[])[0], (array[]::text[])[9];

select unnest(array[]::text[]);

select * from unnest(array[]::text[]) with ordinality as t(x, n) order by n;

select array[]::text[] || array[]::text[];

select to_jsonb(array[]::text[]);

select array[]::text[] = array[]::text[], array[]::text[] < array[]::text[], array[]::text[] is null;

select array_length(array[]::text[], 2);

select pg_typeof(array[]::text[]);

select (array[]::text[])::text;

select generate_subscripts(array[]::text[], 1);

select 1 = any (array[1,2]);

select 1 <> all (array[1,2]);

select 1 > any (array[1,2]);

select 1 < all (array[1,2]);

select 1 <> any (array[1,2]);

select 1 = all (array[1,2]);

select 1 = any (array[1,null]);

select 1 <> all (array[1,null]);

select 1 > any (array[1,null]);

select 1 < all (array[1,null]);

select 1 <> any (array[1,null]);

select 1 = all (array[1,null]);

select 1 = any ('{}'::int[]);

select 1 <> all ('{}'::int[]);

select 1 > any ('{}'::int[]);

select 1 < all ('{}'::int[]);

select 1 <> any ('{}'::int[]);

select 1 = all ('{}'::int[]);

select 1 = any (null::int[]);

select 1 <> all (null::int[]);

select 1 > any (null::int[]);

select 1 < all (null::int[]);

select 1 <> any (null::int[]);

select 1 = all (null::int[]);

select 1 = any ('{1,3}');

select 1 <> all ('{1,3}');

select 1 > any ('{1,3}');

select 1 < all ('{1,3}');

select 1 <> any ('{1,3}');

select 1 = all ('{1,3}');

select 5 = any (array[1,2]);

select 5 <> all (array[1,2]);

select 5 > any (array[1,2]);

select 5 < all (array[1,2]);

select 5 <> any (array[1,2]);

select 5 = all (array[1,2]);

select 5 = any (array[1,null]);

select 5 <> all (array[1,null]);

select 5 > any (array[1,null]);

select 5 < all (array[1,null]);

select 5 <> any (array[1,null]);

select 5 = all (array[1,null]);

select 5 = any ('{}'::int[]);

select 5 <> all ('{}'::int[]);

select 5 > any ('{}'::int[]);

select 5 < all ('{}'::int[]);

select 5 <> any ('{}'::int[]);

select 5 = all ('{}'::int[]);

select 5 = any (null::int[]);

select 5 <> all (null::int[]);

select 5 > any (null::int[]);

select 5 < all (null::int[]);

select 5 <> any (null::int[]);

select 5 = all (null::int[]);

select 5 = any ('{1,3}');

select 5 <> all ('{1,3}');

select 5 > any ('{1,3}');

select 5 < all ('{1,3}');

select 5 <> any ('{1,3}');

select 5 = all ('{1,3}');

select null = any (array[1,2]);

select null <> all (array[1,2]);

select null > any (array[1,2]);

select null < all (array[1,2]);

select null <> any (array[1,2]);

select null = all (array[1,2]);

select null = any (array[1,null]);

select null <> all (array[1,null]);

select null > any (array[1,null]);

select null < all (array[1,null]);

select null <> any (array[1,null]);

select null = all (array[1,null]);

select null = any ('{}'::int[]);

select null <> all ('{}'::int[]);

select null > any ('{}'::int[]);

select null < all ('{}'::int[]);

select null <> any ('{}'::int[]);

select null = all ('{}'::int[]);

select null = any (null::int[]);

select null <> all (null::int[]);

select null > any (null::int[]);

select null < all (null::int[]);

select null <> any (null::int[]);

select null = all (null::int[]);

select null = any ('{1,3}');

select null <> all ('{1,3}');

select null > any ('{1,3}');

select null < all ('{1,3}');

select null <> any ('{1,3}');

select null = all ('{1,3}');

select null::int = any (array[1,2]);

select null::int <> all (array[1,2]);

select null::int > any (array[1,2]);

select null::int < all (array[1,2]);

select null::int <> any (array[1,2]);

select null::int = all (array[1,2]);

select null::int = any (array[1,null]);

select null::int <> all (array[1,null]);

select null::int > any (array[1,null]);

select null::int < all (array[1,null]);

select null::int <> any (array[1,null]);

select null::int = all (array[1,null]);

select null::int = any ('{}'::int[]);

select null::int <> all ('{}'::int[]);

select null::int > any ('{}'::int[]);

select null::int < all ('{}'::int[]);

select null::int <> any ('{}'::int[]);

select null::int = all ('{}'::int[]);

select null::int = any (null::int[]);

select null::int <> all (null::int[]);

select null::int > any (null::int[]);

select null::int < all (null::int[]);

select null::int <> any (null::int[]);

select null::int = all (null::int[]);

select null::int = any ('{1,3}');

select null::int <> all ('{1,3}');

select null::int > any ('{1,3}');

select null::int < all ('{1,3}');

select null::int <> any ('{1,3}');

select null::int = all ('{1,3}');

select 2 = any (select a from t);

select 2 = any (select a from t where a > 100);

select 2 = any (select a from nothing);

select 2 = any (select a from t where a is not null);

select 2 <> all (select a from t);

select 2 <> all (select a from t where a > 100);

select 2 <> all (select a from nothing);

select 2 <> all (select a from t where a is not null);

select 2 > any (select a from t);

select 2 > any (select a from t where a > 100);

select 2 > any (select a from nothing);

select 2 > any (select a from t where a is not null);

select 2 < all (select a from t);

select 2 < all (select a from t where a > 100);

select 2 < all (select a from nothing);

select 2 < all (select a from t where a is not null);

select 2 = all (select a from t);

select 2 = all (select a from t where a > 100);

select 2 = all (select a from nothing);

select 2 = all (select a from t where a is not null);

select 2 = some (select a from t);

select 2 = some (select a from t where a > 100);

select 2 = some (select a from nothing);

select 2 = some (select a from t where a is not null);

select array(select a from t where a is not null order by a);

select array(select c from t where false);

select array(select a from t order by a nulls first);

-- refused
select array_agg(a order by a), array_agg(distinct a), array_agg(c order by c desc) filter (where c <> '') from t;

select array_agg(a) from nothing;

select b, array_agg(a order by a) from t group by b order by b;

select array_agg(a) from t where false group by b;

select array_agg(placed order by id), array_agg(paid order by id) from orders;

-- refused
select array_agg(array[1]);

select array[1,'2'], array[1, 2.5], array['a'::varchar, 'b'];

select array[1,'x'];

select array[];

select array[null];

-- another place
select array[1, array[2]];

-- refused
select array[[1,2],[3,4]];

-- refused
select (array[1,2,3])[1:2];

select array[1,2] @> array[1], array[1] <@ array[1,2], array[1,2] && array[2,3], array[1] && array[null]::int[];

select array[1,null] @> array[null]::int[];

select array_append(array[1], 2), array_prepend(0, array[1]), array_cat(array[1], array[2]), array_append(null::int[], 1);

select array_position(array['a','b','a'], 'a'), array_position(array['a','b'], 'z'), array_position(array['a',null], null);

select array_remove(array[1,2,1], 1), array_remove(array[1,null], null), array_replace(array[1,2], 2, 3);

select string_to_array('a,b,,c', ','), string_to_array('', ','), string_to_array('abc', null), string_to_array('abc', ''), string_to_array('a,*,b', ',', '*'), string_to_array(null, ',');

select * from string_to_table('a,b,c', ',');

select x from (values (array[2]), (array[1,2]), (array[1]), (null), ('{}'), (array[1,null])) v(x) order by x;

select x, count(*) from (values (array['a']), (array['a']), (array['b'])) v(x) group by x order by x;

select distinct x from (values (array[1]), (array[1])) v(x);

select id from customer where id = any('{1,3,99}') order by id;

select id from customer where city = any(array['Paris', 'London']) order by id;

select id from customer where id <> all(array[1,2]) order by id;

select id from customer where not id = any(array[1,2]) order by id;

select name from customer where name like any(array['A%', 'b%']) order by 1;

select name from customer where name ilike any('{a%,B%}') order by 1;

select 'abc' ~ any(array['x','b']);

select 1 = any(1);

select 1 = any('x');

-- refused, 42883
select array[1] = array['a'];

select array[1] || 2, 0 || array[1], array[1] || null, array['a'] || 'b';

select unnest(array[1,2]), unnest(array['a','b','c']);

select a, unnest(array[a, b]) from t where c = 'x' order by 1, 2;

select x.n, y.m from generate_series(1, 3) as x(n), generate_series(1, x.n) as y(m) order by 1, 2;

select * from unnest(array[1,2], array['a','b','c']) as t(a, b);

select * from unnest(array[1,2]) x left join t on t.a = x order by 1, 2, 3;

select cardinality(null::int[]), array_to_string(null::text[], ','), array_to_string(array['a'], null);

select array_agg(x order by x desc) from unnest(array[3,1,2]) x;

select sum(x) from unnest(array[1,2,null]) as x;

-- refused
select max(array[1]);

select array_agg(name) over (partition by city order by id) from customer order by id;

select '{1,2}'::int[]::bigint[], '{1,2}'::int[]::text[], array['1']::int[];

select array['a','b']::varchar[], '{}'::uuid[], array['\x01'::bytea];

-- what is escaped stays, and is no null; no-break spaces are no blanks
select '{a\}'::text[];

select '{a\ }'::text[];

select '{a\  }'::text[];

select '{\ a}'::text[];

select '{ a b }'::text[];

select '{a\,b}'::text[];

select '{\null}'::text[];

select '{nul\l}'::text[];

select '{null}'::text[];

select '{NULL,\NULL}'::text[];

select '{a\\}'::text[];

select '{\}}'::text[];

select '{\{}'::text[];

select '{\"}'::text[];

select '{\ }'::text[];

select '{a b\ c \ }'::text[];

select '{a,\'::text[];

select '{"a\"}'::text[];

select '{"a"b}'::text[];

select '{b"a"}'::text[];

select '{"a"\b}'::text[];

select ' { "a" , b } '::text[];

select E'\u00a0{a}'::text[];

select E'{\u00a0}'::text[];

select E'{a\u00a0}'::text[];

select E'{\va\v }'::text[];

select '{"a b": {" c": 1}}'::jsonb #> '{a\ b," c"}', '{"a b": {" c": 1}}'::jsonb #>> '{a b,\ c}', '{"a ": 1}'::jsonb ?| '{a\ }', '{"a": 1}'::jsonb ?& '{ a }';

select '{"a": 1}'::jsonb ?| '{a\}';
