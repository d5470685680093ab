-- Select: rows, order, limits, names of columns, distinct.

select * from customer order by id;

select c.*, 1 as one from customer c order by c.id;

select id, name as "Full Name", upper(city) town, 1 + 1, 'x', null, true from customer order by id;

select count(*), max(id), coalesce(null, 1), case when true then 1 end, nullif(1, 2), id::text, cast(1 as text), -1, (select 1), exists (select 1) from customer group by id order by id;

select 1 where true;

select 1 where false;

select 1 where null;

select a from t order by a;

select a from t order by a desc;

select a from t order by a nulls first;

select a from t order by a desc nulls last;

select a, b from t order by a desc, b asc nulls first;

select a, b, c from t order by 1, 2 desc, 3;

select a as x, b from t order by x, b;

select a + b as s from t order by s, s is null;

select a, -a as a from t order by a;

select name from customer order by length(name), name;

select name from customer order by id limit 2;

select name from customer order by id limit 2 offset 3;

select name from customer order by id offset 4;

select name from customer order by id limit 0;

select name from customer order by id limit null;

select name from customer order by id limit all offset 5;

select name from customer order by id fetch first 2 rows only;

select name from customer order by id limit -1;

select name from customer order by id limit 1 + 1 offset 1;

select distinct a from t order by a;

select distinct a, b is null from t order by 1, 2;

select distinct city from customer order by city desc;

select distinct a from t order by b;

select distinct on (a) a, b from t order by a, b nulls last;

select all a from t where a > 0 order by a;

select x.a from (select a from t where a is not null) x order by x.a;

select a, b from (values (1, 'x'), (2, 'y')) as v(a, b) order by a;

values (1, 'a'), (2, null), (3, 'c');

values (1, 'a'), (2);

values (1), (1.5), (2);

select * from (values (1), (null)) v;

select column1 from (values (1), (2)) v order by 1;

select "Name" from customer;

select NAME, Customer.ID from CUSTOMER order by ID;

select no_such_column from customer;

select customer.no_such_column from customer;

select x.id from customer;

select * from no_such_table;

select id from customer, orders;

select c.id from customer c, customer c;

select 1 as a, 2 as a order by a;

selec 1;

select from where;

select 1 +;

select * from;

select (select id from customer);

select (select name from customer where id = 1), (select name from customer where id = 99);

select (select 1, 2);

select name, (select count(*) from orders where customer_id = customer.id) from customer order by id;

select name from customer where id in (select customer_id from orders) order by id;

select name from customer where id not in (select customer_id from orders) order by id;

select name from customer where id not in (select customer_id from orders where customer_id is not null) order by id;

select name from customer c where exists (select 1 from orders o where o.customer_id = c.id and o.paid) order by id;

-- refused: a select of no columns
select name from customer c where not exists (select from orders o where o.customer_id = c.id) order by id;

select a from t where a = (select max(a) from t);

select a from t where a > (select null::int);

select name from customer where id = any (select customer_id from orders) order by id;

select name from customer where id > all (select customer_id from orders where customer_id is not null) order by id;

select 1 in (select a from nothing), 1 not in (select a from nothing), null in (select a from nothing);

select (select a from nothing) is null, exists (select * from nothing);

select -- a comment
  1 /* another /* nested */ */ + 1;

select 1;

select id as "group", name as "select" from customer where id = 1;

select true as t, 't' as "true" where 't';

select * from customer where vip order by id;

select * from customer where id;

select * from customer where name;

select * from t where a = 1 or (b is null and c = 'Z') order by b nulls last;

select count(*) from nothing;

select a, b from nothing;

select c.name from customer as c (cid, cname) where c.cid = 1;

select cname from customer as c (cid, cname) where c.cid = 1;

-- refused
select * from customer tablesample system (10);

-- refused
select * from customer for update;

select * from generate_series(1, 3);

-- refused: a row
select row(1, 2);

select array[1, 2];

-- refused: a row
select (1, 2) = (1, 2);

-- refused
select * into x from customer;
