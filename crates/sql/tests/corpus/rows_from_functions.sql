-- generate_series and the other functions that answer rows.

select * from generate_series(1, 3);

select generate_series(1, 3);

select g, pg_typeof(g) from generate_series(1, 3) as g;

select * from generate_series(3, 1);

select generate_series(3, 1);

select g, pg_typeof(g) from generate_series(3, 1) as g;

select * from generate_series(1, 10, 3);

select generate_series(1, 10, 3);

select g, pg_typeof(g) from generate_series(1, 10, 3) as g;

select * from generate_series(5, 1, -2);

select generate_series(5, 1, -2);

select g, pg_typeof(g) from generate_series(5, 1, -2) as g;

select * from generate_series(1, 3, 0);

select generate_series(1, 3, 0);

select g, pg_typeof(g) from generate_series(1, 3, 0) as g;

select * from generate_series(null, 3);

select generate_series(null, 3);

select g, pg_typeof(g) from generate_series(null, 3) as g;

select * from generate_series(1, null);

select generate_series(1, null);

select g, pg_typeof(g) from generate_series(1, null) as g;

select * from generate_series(1, 3, null);

select generate_series(1, 3, null);

select g, pg_typeof(g) from generate_series(1, 3, null) as g;

select * from generate_series(0, 0);

select generate_series(0, 0);

select g, pg_typeof(g) from generate_series(0, 0) as g;

select * from generate_series(-2, 2);

select generate_series(-2, 2);

select g, pg_typeof(g) from generate_series(-2, 2) as g;

select * from generate_series(1::bigint, 3);

select generate_series(1::bigint, 3);

select g, pg_typeof(g) from generate_series(1::bigint, 3) as g;

select * from generate_series(1, 3::bigint);

select generate_series(1, 3::bigint);

select g, pg_typeof(g) from generate_series(1, 3::bigint) as g;

select * from generate_series(9223372036854775806, 9223372036854775807);

select generate_series(9223372036854775806, 9223372036854775807);

select g, pg_typeof(g) from generate_series(9223372036854775806, 9223372036854775807) as g;

select * from generate_series(2147483646, 2147483647);

select generate_series(2147483646, 2147483647);

select g, pg_typeof(g) from generate_series(2147483646, 2147483647) as g;

-- refused
select * from generate_series(1.5, 3);

-- refused
select generate_series(1.5, 3);

-- refused
select g, pg_typeof(g) from generate_series(1.5, 3) as g;

select * from generate_series('1', 3);

select generate_series('1', 3);

select g, pg_typeof(g) from generate_series('1', 3) as g;

-- refused, 42725
select * from generate_series('1', '3');

-- refused, 42725
select generate_series('1', '3');

-- refused, 42725
select g, pg_typeof(g) from generate_series('1', '3') as g;

select * from generate_series(1, 2, 3, 4);

select generate_series(1, 2, 3, 4);

select g, pg_typeof(g) from generate_series(1, 2, 3, 4) as g;

select * from generate_series(true, 3);

select generate_series(true, 3);

select g, pg_typeof(g) from generate_series(true, 3) as g;

select d from generate_series(timestamptz '2024-01-30 00:00:00+00', timestamptz '2024-03-31 00:00:00+00', interval '1 month') as d;

select d::date from generate_series(timestamptz '2024-01-01', '2024-01-03', '1 day') d;

select count(*) from generate_series(timestamptz '2024-01-01', timestamptz '2024-01-02', interval '15 minutes');

select * from generate_series(timestamptz '2024-01-03', timestamptz '2024-01-01', interval '-1 day');

select * from generate_series(timestamptz '2024-01-01', timestamptz '2024-01-02', interval '0 days');

-- refused
select * from generate_series(date '2024-01-01', date '2024-01-03', interval '1 day');

select g.* from generate_series(1, 2) g;

select g.g from generate_series(1, 2) g;

select generate_series from generate_series(1, 2);

select n from generate_series(1, 2) as s(n);

select s.n, s.ord from generate_series(5, 6) with ordinality as s(n, ord);

select * from generate_series(1, 2) a, generate_series(3, 4) b order by 1, 2;

select a.x, t.b from generate_series(1, 3) a(x) left join t on t.a = a.x order by 1, 2;

select x from generate_series(1, 5) x where x % 2 = 1 order by x desc limit 2;

select (select sum(y) from generate_series(1, x) y) from generate_series(1, 4) x order by 1;

select t.a, g from t, lateral generate_series(1, t.a) g where t.a between 1 and 3 order by 1, 2;

select t.a, g from t left join lateral generate_series(1, t.a) g on true where t.a < 3 order by 1, 2, t.b;

select date_trunc('month', d), count(*) from generate_series(timestamptz '2024-01-15', timestamptz '2024-03-15', interval '10 days') d group by 1 order by 1;

with days as (select d from generate_series(timestamptz '2024-01-15', timestamptz '2024-01-17', interval '1 day') d) select d, count(o.id) from days left join orders o on date_trunc('day', o.placed) = d group by d order by d;

select generate_series(1, 2), generate_series(1, 3);

select generate_series(1, 3) as n order by n desc;

select generate_series(1, 3) limit 2;

select 1, generate_series(1, 0);

select count(*) from (select generate_series(1, 1000)) x;

-- refused
select generate_series(1, 2) + 1;

select count(generate_series(1, 2));

select * from t where generate_series(1, 2) = 1;

-- refused
select distinct generate_series(1, 3) % 2 as x order by x;

-- refused
select * from lower('X');

select * from generate_series(1, 2) as g(a, b);

-- refused, 42883
select * from nope(1);

select * from jsonb_array_elements('[1,"a",null,{"x":1}]');

select jsonb_array_elements('[1,"a",null,{"x":1}]');

select * from jsonb_array_elements('[]');

select jsonb_array_elements('[]');

select * from jsonb_array_elements('{"b":1,"a":null,"c":"x"}');

select jsonb_array_elements('{"b":1,"a":null,"c":"x"}');

select * from jsonb_array_elements('{}');

select jsonb_array_elements('{}');

select * from jsonb_array_elements('1');

select jsonb_array_elements('1');

select * from jsonb_array_elements(null);

select jsonb_array_elements(null);

select * from jsonb_array_elements(null::jsonb);

select jsonb_array_elements(null::jsonb);

select * from jsonb_array_elements_text('[1,"a",null,{"x":1}]');

select jsonb_array_elements_text('[1,"a",null,{"x":1}]');

select * from jsonb_array_elements_text('[]');

select jsonb_array_elements_text('[]');

select * from jsonb_array_elements_text('{"b":1,"a":null,"c":"x"}');

select jsonb_array_elements_text('{"b":1,"a":null,"c":"x"}');

select * from jsonb_array_elements_text('{}');

select jsonb_array_elements_text('{}');

select * from jsonb_array_elements_text('1');

select jsonb_array_elements_text('1');

select * from jsonb_array_elements_text(null);

select jsonb_array_elements_text(null);

select * from jsonb_array_elements_text(null::jsonb);

select jsonb_array_elements_text(null::jsonb);

select * from jsonb_object_keys('[1,"a",null,{"x":1}]');

select jsonb_object_keys('[1,"a",null,{"x":1}]');

select * from jsonb_object_keys('[]');

select jsonb_object_keys('[]');

select * from jsonb_object_keys('{"b":1,"a":null,"c":"x"}');

select jsonb_object_keys('{"b":1,"a":null,"c":"x"}');

select * from jsonb_object_keys('{}');

select jsonb_object_keys('{}');

select * from jsonb_object_keys('1');

select jsonb_object_keys('1');

select * from jsonb_object_keys(null);

select jsonb_object_keys(null);

select * from jsonb_object_keys(null::jsonb);

select jsonb_object_keys(null::jsonb);

select * from jsonb_each('[1,"a",null,{"x":1}]');

select * from jsonb_each('[]');

select * from jsonb_each('{"b":1,"a":null,"c":"x"}');

select * from jsonb_each('{}');

select * from jsonb_each('1');

select * from jsonb_each(null);

select * from jsonb_each(null::jsonb);

select * from jsonb_each_text('[1,"a",null,{"x":1}]');

select * from jsonb_each_text('[]');

select * from jsonb_each_text('{"b":1,"a":null,"c":"x"}');

select * from jsonb_each_text('{}');

select * from jsonb_each_text('1');

select * from jsonb_each_text(null);

select * from jsonb_each_text(null::jsonb);

select d.id, e.value from doc d, jsonb_array_elements(d.body) e where jsonb_typeof(d.body) = 'array' order by 1, e.ordinality;

select d.id, e.value, e.n from doc d, jsonb_array_elements(d.body) with ordinality as e(value, n) where d.id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' order by n;

select e.key, e.value from doc d, jsonb_each(d.body) e where d.id = '00000000-0000-0000-0000-000000000001' order by 1;

select key, count(*) from doc, jsonb_each_text(body) where jsonb_typeof(body) = 'object' group by key order by key;

select k from doc, jsonb_object_keys(body) k where id = '00000000-0000-0000-0000-000000000002' order by k;

select t.tag from doc d cross join jsonb_array_elements_text(d.body -> 'tags') as t(tag) where d.id = '00000000-0000-0000-0000-000000000001' order by 1;

-- what may be named from the right side of a join
select o.id, g from orders o right join generate_series(1, o.id) g on true;

select o.id, g from orders o right join generate_series(1, total) g on true;

select g from orders o full join generate_series(1, o.id) g on g = o.id;

select g from orders o full join generate_series(1, (select o.id)) g on g = o.id;

select g from orders o natural full join generate_series(1, o.id) id;

select g from orders o right join (customer c join generate_series(1, o.id) g on true) on true;

select g from (customer c join orders o using (id)) right join generate_series(1, id) g on true;

select (select count(*) from orders o right join generate_series(1, o.id) g on true) from orders o;

select count(*) from orders o right join (customer c join generate_series(1, c.id) g on true) on true;

select count(*) from orders o right join generate_series(1, 2) g on true left join generate_series(1, o.id) h on true;

select count(*), count(o.id) from orders o full join generate_series(1, (select max(x.id) from orders x)) g on g = o.id;
