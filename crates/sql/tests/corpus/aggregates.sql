-- Aggregates, group by, having.

select count(*), count(a), count(distinct a), count(b), count(c) from t;

select sum(a), sum(b), avg(b), min(b), max(b) from t where a <> 2147483647;

select sum(a), avg(a), max(a), min(a) from t;

select sum(a), avg(a), min(a), max(b), count(*), count(a), string_agg(b, ','), bool_and(a > 1) from nothing;

select a, count(*) from nothing group by a;

select sum(total) from orders;

select sum(total), avg(total) from orders where id < 14;

select sum(total), avg(total) from orders where false;

select sum(balance), avg(balance), min(balance), max(balance) from customer;

select sum(price), avg(price), sum(price * qty), avg(qty) from item;

select sum(1.50), avg(1.5), max(2.50), min(0.1) from t;

select avg(a), avg(a::bigint), avg(a::float8), avg(a::numeric) from (values (1), (2), (2)) v(a);

select avg(x) from (values (1), (2)) v(x);

select avg(x), sum(x), max(x) from (values (1.10), (2.255), (null)) v(x);

select round(avg(b), 2), avg(b)::int, avg(b) > 5 from t;

select bool_and(vip), bool_or(vip), every(id > 0), bool_and(null::boolean) from customer;

select string_agg(name, ', ' order by name), string_agg(name, '' order by id desc), string_agg(city, ';' order by city) from customer;

select string_agg(c, null order by c), string_agg(c, c order by c) from t;

-- refused: distinct with several arguments
select string_agg(distinct c, ',' order by c) from t;

select string_agg(a, ',') from t;

select a, count(*), sum(b), string_agg(c, '|' order by c) from t group by a order by a;

select a, b, count(*) from t group by a, b order by a, b;

select a % 2, count(*) from t group by a % 2 order by 1;

select a % 2 as odd, count(*) from t group by odd order by odd;

select a, count(*) from t group by 1 order by 2 desc, 1;

select city, count(*) from customer group by city having count(*) > 1 order by city;

select city from customer group by city having max(balance) is null order by city;

select count(*) from t having count(*) > 100;

-- refused: having without an aggregate
select 1 from t having true;

select sum(qty) filter (where price > 1), count(*) filter (where sku = 'A-1'), sum(qty) filter (where false) from item;

select sku, sum(qty), avg(price) from item group by sku order by sku;

select upper(city), count(*) from customer group by upper(city) order by 1;

select lower(city), count(*) from customer group by upper(city);

select name from customer group by id order by id;

select id, count(*) from customer group by city;

select a from t where count(*) > 1;

select sum(count(*)) from t;

select sum(a) + b from t;

select count(distinct city), count(distinct lower(city)), sum(distinct qty), min(distinct qty) from customer, item;

select count(distinct a), sum(distinct b) from t where a < 100;

select max(a) + 1, max(a + 1), -min(a), max(c) || '!' from t where a < 100;

select a, sum(b) from t group by a having sum(b) > 10 or a is null order by sum(b), a;

-- refused: an empty grouping set
select count(*) from t group by ();

select max(vip) from customer;

select min(id) from doc;

select sum(c) from t;

select avg(c) from t;

select sum(true);

select extract(year from placed) as y, count(*) from orders group by y order by y;

select avg(extract(day from placed)) from orders;

select count(*) from (select distinct a, b from t) x;

select paid, count(*), sum(total) from orders where id <> 14 group by paid order by paid;

select sum(x) from (values (9223372036854775807), (1)) v(x);

select sum(x::float8) from (values (1e308), (1e308)) v(x);

select sum(x) from (values (0.1::float8), (0.2), (0.3)) v(x);

select sum(x) from (values (1e100::float8), (1), (-1e100)) v(x);

select array_agg(a) from t;

-- refused
select stddev(a) from t;

-- refused
select a, b, count(*) from t group by rollup (a, b);

-- refused
select percentile_cont(0.5) within group (order by a) from t;

-- refused
select mode() within group (order by a) from t;

-- refused
select jsonb_agg(distinct a) from t;
