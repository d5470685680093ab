-- What random statements of tests/random found to differ, and what is like it.

-- A function that names what stands to its left, before a join.
select p.id, u.a, o.id as oid from customer p, unnest(array[p.id, 10]) with ordinality as u(a, n) join orders o on u.a = o.customer_id order by 1, 2, 3;

select p.id, u.a, i.sku from customer p, unnest(array[p.id]) as u(a) left join item i on u.a = i.line cross join nothing order by 1, 2, 3;

select p.id, u.a, o.id as oid from customer p, unnest(array[p.id]) as u(a) cross join orders o left join item i on i.order_id = o.id and i.line = u.a where o.id < 12 order by 1, 2, 3;

-- refused: it cannot see its left side inside of SQLite's parentheses
select p.id, u.a, o.id as oid from customer p, unnest(array[p.id]) as u(a) full join orders o on u.a = o.customer_id order by 1, 2, 3;

-- A group by an expression with rows of its own.
select name like any (array['A%', 'b%']) as l, count(*) from customer group by name like any (array['A%', 'b%']) order by 1;

select (select max(total) from orders o where o.customer_id = c.id) as m, count(*) from customer c group by (select max(total) from orders o where o.customer_id = c.id) order by 1;

select exists (select 1 from orders o where o.customer_id = c.id) as e, count(*) from customer c group by exists (select 1 from orders o where o.customer_id = c.id) order by 1;

select id in (select customer_id from orders where customer_id is not null) as e, count(*) from customer group by id in (select customer_id from orders where customer_id is not null) order by 1;

select id = any (array[1, 2]) and vip as e, count(*) from customer group by id = any (array[1, 2]) and vip order by 1;

select array(select o.id from orders o where o.customer_id = c.id order by 1) as a, count(*) from customer c group by array(select o.id from orders o where o.customer_id = c.id order by 1) order by 1;

select distinct exists (select 1 from orders o where o.customer_id = c.id) from customer c order by exists (select 1 from orders o where o.customer_id = c.id);

-- A key that SQLite makes a number of while it parses.
select (true is unknown) as u, count(*) from t group by (true is unknown), null::date order by 1;

select 1 is null as u, false and a > 0 as f, count(*) from t group by 1 is null, false and a > 0 order by 1, 2;

select a from t order by 1 is null, a is not null and false, a, b, c;

-- Numbers as keys.
select a from t order by 9223372036854775807;

select a from t order by -2147483648;

select a from t order by -2147483647;

select a from t order by 2147483647;

select a from t group by 3000000000;

select distinct on (-9223372036854775808) a from t order by -9223372036854775808;

-- Types.
select array_agg(null);

select array_agg('x');

select '{"a": 1}'::jsonb ?| array['a'::varchar], '["a"]'::jsonb ?& array['a'::varchar, 'b'];

-- refused, 42883
select array['a'] = array['a'::varchar];

-- refused, 42883
select array[1] < array[1::bigint];

select nullif('a', 'b'::varchar);

select nullif('a'::varchar, 'b'), nullif('a'::varchar, 'a'::varchar), nullif('a'::name, 'b');

-- refused: of two string types PostgreSQL takes the first
select array_prepend('a'::varchar, array['b']);

-- refused: PostgreSQL makes an array of the wider type
select array_append(array[1], 2::bigint);

select array_append(array[1::bigint], 2), array_append(array['a'], 'b'::varchar);

select json_build_object('a', array[1, 2, null], 'b', array['x', 'y "z"', null], 'c', array[true, false], 'd', array[1e300::float8, 'Infinity'], 'e', 1e300::float8, 'f', '-Infinity'::float8, 'g', '{"a":   1}'::json, 'h', '{"a":   1}'::jsonb);

select json_build_object('t', array['2024-01-01 00:00:00+00'::timestamptz], 'n', array[1.50, null], 'j', array['[1, 2]'::jsonb], 'd', array['2024-01-01'::date]);

-- Names.
select (select max(id) - 1 from t x, customer)::text, (select 1 + 1)::int, (select max(id) from customer)::text, (select id from customer limit 1), (select 'x');

-- Precedence.
select a = b = any (array[true]) from t;

select (1 is not distinct from 2 is not null);

-- refused: PostgreSQL casts the answer
select 'a' like any (array['a'])::text;

-- Numbers of characters.
select right('abc', -2147483648), left('abc', -2147483648), right('abc', 2147483647), right('abc', -2147483647);
