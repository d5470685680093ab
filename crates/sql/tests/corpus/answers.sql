-- Aggregates over many, few and no rows; distinct on; limits; conditions.

select count(*) from t where a between 1 and 2;

select count(*) from t where false;

select count(*) from nothing;

select c, count(*) from t where a between 0 and 2 group by c order by c;

select count(*) filter (where a = 1) from t where a < 3;

select count(*) filter (where false) from t where a < 3;

select count(a) from t where a between 1 and 2;

select count(a) from t where false;

select count(a) from t where a is null and b is null;

select c, count(a) from t where a between 0 and 2 group by c order by c;

select count(a) filter (where a = 1) from t where a < 3;

select count(a) filter (where false) from t where a < 3;

select count(distinct a) from t where a between 1 and 2;

select count(distinct a) from t where false;

select count(distinct a) from t where a is null and b is null;

select c, count(distinct a) from t where a between 0 and 2 group by c order by c;

select count(distinct a) filter (where a = 1) from t where a < 3;

select count(distinct a) filter (where false) from t where a < 3;

select sum(a) from t where a between 1 and 2;

select sum(a) from t where false;

select sum(a) from t where a is null and b is null;

select c, sum(a) from t where a between 0 and 2 group by c order by c;

select sum(a) filter (where a = 1) from t where a < 3;

select sum(a) filter (where false) from t where a < 3;

select avg(a) from t where a between 1 and 2;

select avg(a) from t where false;

select avg(a) from t where a is null and b is null;

select c, avg(a) from t where a between 0 and 2 group by c order by c;

select avg(a) filter (where a = 1) from t where a < 3;

select avg(a) filter (where false) from t where a < 3;

select min(a) from t where a between 1 and 2;

select min(a) from t where false;

select min(a) from t where a is null and b is null;

select c, min(a) from t where a between 0 and 2 group by c order by c;

select min(a) filter (where a = 1) from t where a < 3;

select min(a) filter (where false) from t where a < 3;

select max(a) from t where a between 1 and 2;

select max(a) from t where false;

select max(a) from t where a is null and b is null;

select c, max(a) from t where a between 0 and 2 group by c order by c;

select max(a) filter (where a = 1) from t where a < 3;

select max(a) filter (where false) from t where a < 3;

select sum(distinct a) from t where a between 1 and 2;

select sum(distinct a) from t where false;

select sum(distinct a) from t where a is null and b is null;

select c, sum(distinct a) from t where a between 0 and 2 group by c order by c;

select sum(distinct a) filter (where a = 1) from t where a < 3;

select sum(distinct a) filter (where false) from t where a < 3;

select array_agg(a order by a) from t where a between 1 and 2;

select array_agg(a order by a) from t where false;

select array_agg(a order by a) from t where a is null and b is null;

select c, array_agg(a order by a) from t where a between 0 and 2 group by c order by c;

select array_agg(a order by a) filter (where a = 1) from t where a < 3;

select array_agg(a order by a) filter (where false) from t where a < 3;

select string_agg(c, ',' order by c) from t where a between 1 and 2;

select string_agg(c, ',' order by c) from t where false;

select string_agg(c, ',' order by c) from t where a is null and b is null;

select c, string_agg(c, ',' order by c) from t where a between 0 and 2 group by c order by c;

select string_agg(c, ',' order by c) filter (where a = 1) from t where a < 3;

select string_agg(c, ',' order by c) filter (where false) from t where a < 3;

-- refused
select string_agg(distinct c, ',' order by c) from t where a between 1 and 2;

-- refused
select string_agg(distinct c, ',' order by c) from t where false;

-- refused
select string_agg(distinct c, ',' order by c) from t where a is null and b is null;

-- refused
select c, string_agg(distinct c, ',' order by c) from t where a between 0 and 2 group by c order by c;

-- refused
select string_agg(distinct c, ',' order by c) filter (where a = 1) from t where a < 3;

-- refused
select string_agg(distinct c, ',' order by c) filter (where false) from t where a < 3;

select jsonb_agg(a order by a nulls last) from t where a between 1 and 2;

select jsonb_agg(a order by a nulls last) from t where false;

select jsonb_agg(a order by a nulls last) from t where a is null and b is null;

select c, jsonb_agg(a order by a nulls last) from t where a between 0 and 2 group by c order by c;

select jsonb_agg(a order by a nulls last) filter (where a = 1) from t where a < 3;

select jsonb_agg(a order by a nulls last) filter (where false) from t where a < 3;

select bool_and(a > 0) from t where a between 1 and 2;

select bool_and(a > 0) from t where false;

select bool_and(a > 0) from t where a is null and b is null;

select c, bool_and(a > 0) from t where a between 0 and 2 group by c order by c;

select bool_and(a > 0) filter (where a = 1) from t where a < 3;

select bool_and(a > 0) filter (where false) from t where a < 3;

select bool_or(a > 1) from t where a between 1 and 2;

select bool_or(a > 1) from t where false;

select bool_or(a > 1) from t where a is null and b is null;

select c, bool_or(a > 1) from t where a between 0 and 2 group by c order by c;

select bool_or(a > 1) filter (where a = 1) from t where a < 3;

select bool_or(a > 1) filter (where false) from t where a < 3;

select every(a is not null) from t where a between 1 and 2;

select every(a is not null) from t where false;

select every(a is not null) from t where a is null and b is null;

select c, every(a is not null) from t where a between 0 and 2 group by c order by c;

select every(a is not null) filter (where a = 1) from t where a < 3;

select every(a is not null) filter (where false) from t where a < 3;

select sum(b::bigint) from t where a between 1 and 2;

select sum(b::bigint) from t where false;

select sum(b::bigint) from t where a is null and b is null;

select c, sum(b::bigint) from t where a between 0 and 2 group by c order by c;

select sum(b::bigint) filter (where a = 1) from t where a < 3;

select sum(b::bigint) filter (where false) from t where a < 3;

select sum(b::float8) from t where a between 1 and 2;

select sum(b::float8) from t where false;

select sum(b::float8) from t where a is null and b is null;

select c, sum(b::float8) from t where a between 0 and 2 group by c order by c;

select sum(b::float8) filter (where a = 1) from t where a < 3;

select sum(b::float8) filter (where false) from t where a < 3;

select avg(b::float8) from t where a between 1 and 2;

select avg(b::float8) from t where false;

select avg(b::float8) from t where a is null and b is null;

select c, avg(b::float8) from t where a between 0 and 2 group by c order by c;

select avg(b::float8) filter (where a = 1) from t where a < 3;

select avg(b::float8) filter (where false) from t where a < 3;

select min(c) from t where a between 1 and 2;

select min(c) from t where false;

select min(c) from t where a is null and b is null;

select c, min(c) from t where a between 0 and 2 group by c order by c;

select min(c) filter (where a = 1) from t where a < 3;

select min(c) filter (where false) from t where a < 3;

select max(c) from t where a between 1 and 2;

select max(c) from t where false;

select max(c) from t where a is null and b is null;

select c, max(c) from t where a between 0 and 2 group by c order by c;

select max(c) filter (where a = 1) from t where a < 3;

select max(c) filter (where false) from t where a < 3;

select jsonb_object_agg(c, a order by b, c, a)  from t where a between 1 and 2;

select jsonb_object_agg(c, a order by b, c, a)  from t where false;

select jsonb_object_agg(c, a order by b, c, a)  from t where a is null and b is null;

select c, jsonb_object_agg(c, a order by b, c, a)  from t where a between 0 and 2 group by c order by c;

select jsonb_object_agg(c, a order by b, c, a)  filter (where a = 1) from t where a < 3;

select jsonb_object_agg(c, a order by b, c, a)  filter (where false) from t where a < 3;

select sum(a::smallint) from t where a between 1 and 2;

select sum(a::smallint) from t where false;

select sum(a::smallint) from t where a is null and b is null;

select c, sum(a::smallint) from t where a between 0 and 2 group by c order by c;

select sum(a::smallint) filter (where a = 1) from t where a < 3;

select sum(a::smallint) filter (where false) from t where a < 3;

select avg(b::numeric) from t where a between 1 and 2;

select avg(b::numeric) from t where false;

select avg(b::numeric) from t where a is null and b is null;

select c, avg(b::numeric) from t where a between 0 and 2 group by c order by c;

select avg(b::numeric) filter (where a = 1) from t where a < 3;

select avg(b::numeric) filter (where false) from t where a < 3;

select sum(b::numeric) from t where a between 1 and 2;

select sum(b::numeric) from t where false;

select sum(b::numeric) from t where a is null and b is null;

select c, sum(b::numeric) from t where a between 0 and 2 group by c order by c;

select sum(b::numeric) filter (where a = 1) from t where a < 3;

select sum(b::numeric) filter (where false) from t where a < 3;

select distinct on (a) a, b from t order by a, b;

select distinct on (a) a, b from t order by a desc, b desc nulls last;

select distinct on (customer_id) customer_id, id, total from orders order by customer_id, placed desc;

select distinct on (a % 2) a, c from t where a is not null order by a % 2, a desc limit 2;

select distinct on (a, c) * from t order by a, c, b;

select distinct on (b) a from t order by a;

select distinct on (1) a, b from t order by 1, 2;

-- refused
select distinct on (a) a from t;

select distinct on (x) x from (select a as x from t) s order by x;

select distinct on (a) a, (select count(*) from orders) n from t order by a offset 1;

select * from (select distinct on (a) a, b from t order by a, b) s order by b nulls first, a;

select id from customer order by id limit 0;

select id from customer order by id offset 0;

select id from customer order by id limit 1;

select id from customer order by id offset 1;

select id from customer order by id limit 2;

select id from customer order by id offset 2;

select id from customer order by id limit null;

select id from customer order by id offset null;

select id from customer order by id limit -1;

select id from customer order by id offset -1;

select id from customer order by id limit '2';

select id from customer order by id offset '2';

select id from customer order by id limit 1.4;

select id from customer order by id offset 1.4;

select id from customer order by id limit 1.5;

select id from customer order by id offset 1.5;

select id from customer order by id limit 'x';

select id from customer order by id offset 'x';

select coalesce(null, 1);

select coalesce(null, null);

select coalesce(1, 'x');

select coalesce(null, 'x');

select coalesce(1, 2.5);

select nullif(1, 1);

select nullif(1, 2);

select nullif('a', 'b');

select nullif(null, 1);

select nullif(1, 1.0);

-- refused
select greatest(1, 2.5, null);

select least(3, null, 1);

select greatest(null, null);

select greatest('a', 'b');

select least(date '2024-01-01', null);

select case when null then 1 else 2 end;

select case 1 when 1 then 'a' end;

select case when false then 1 end;

select case 'x' when 'y' then 1 else null end;

select case when 1 = 1 then 1 else 1 / 0 end;

select case null when null then 1 else 2 end;

select case when true then 1 else 2.5 end;

select case when true then 'a' else 1 end;

select not null;

select null and false;

select null or true;

select null is true;

select true is not false;

select 1 is distinct from null;

select null is not distinct from null;

select 1 between 2 and 1;

select 1 in (1, null);

select 2 in (1, null);

select 2 not in (1, null);

select null in (1);

select exists (select 1 where false);

select (select 1 where false);

select (select a from t);

select 1 = 1 is true;

select 'a' in ('a', 'b');

