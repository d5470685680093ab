-- Set operations and common table expressions.

select a from t union select b from t order by a;

select a from t union all select b from t order by a;

select a from t intersect select b from t order by 1;

select a from t except select b from t order by 1;

select a from t intersect all select b from t;

select a from t except all select b from t;

select 1 union select 1.5 union select 2::bigint order by 1;

select 1 as x union select 2 order by x;

select 1 union select 'a';

select 1 union select '2' order by 1;

select 'a' union select null order by 1;

select null union select 1;

select 1, 2 union select 1;

select a from t union select c from t;

select 1 union select 2 intersect select 2 order by 1;

(select 1 union select 2) intersect select 2;

(select a from t order by a limit 2) union all (select 99) order by a;

select a from t union select b from t order by a limit 2 offset 1;

select count(*) from (select '1'::jsonb union select '1.0'::jsonb) x;

select count(*) from (select 1.0 union select 1.00) x;

select date '2024-01-01' union select timestamptz '2024-01-01 00:00:00+00';

with x as (select a from t where a is not null) select count(*), sum(a) from x where a < 100;

with x as (select 1 as n), y as (select n + 1 as n from x) select * from x union all select * from y order by n;

with x(n, m) as (values (1, 'a'), (2, 'b')) select m, n from x order by n desc;

with x as (select 1 as n) select (select n from x), n from x;

with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select i from n order by i;

with recursive n(i) as (values (1) union select (i * 2) % 7 from n) select i from n order by i;

with recursive n(i) as (select 1 union all select i + 1 from n) select i from n limit 3;

with recursive chain(id, path) as (select 1, 'a' union all select id + 1, path || 'b' from chain where id < 3) select * from chain order by id;

with x as (select 1), x as (select 2) select * from x;

with x as (select * from y), y as (select 1) select * from x;

with t as (select 42 as a) select a from t;

with x as materialized (select 1 as a) select a from x;

with x as (select a, b from t) select x1.a, x2.b from x x1 join x x2 on x1.a = x2.a order by 1, 2;

select * from (select 1 as a union all select 2) u where a > 1;

select count(*) from (select a from t union select b from t) u;

select a in (select 1 union select 2) from t order by a;

select a from nothing union select b from nothing;

select a from nothing union all select 1;

-- refused
with x as (insert into t values (1) returning a) select * from x;
