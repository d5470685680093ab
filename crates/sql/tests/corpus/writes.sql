-- Insert, update, delete; constraints; defaults.

insert into t values (7, 8, 'seven');

insert into t (c, a) values ('only', 1), (null, null);

-- refused
insert into t default values;

insert into t (a) values ('12'), (13);

insert into t (a) values (1.5), (2.5);

insert into t (a) values ('x');

insert into t (a) values (3000000000);

insert into t (a) values (true);

insert into t (c) values (5);

insert into t values (1, 2, 'x', 4);

insert into t (a, b) values (1);

insert into t (a, a) values (1, 2);

insert into t (zzz) values (1);

insert into zzz values (1);

insert into t select b, a, upper(c) from t where a is not null;

insert into t (a, b) select count(*), sum(qty) from item;

insert into nothing select a, c from t order by a limit 3;

insert into customer (id, name) values (7, 'new');

insert into customer (id, name, vip) values (7, 'new', default);

insert into customer (id, name, vip) values (7, 'new', null);

insert into customer (id) values (7);

insert into customer (id, name) values (1, 'again');

insert into customer (id, name, email) values (8, 'x', 'ada@example.org');

insert into customer (id, name, email) values (8, 'x', null), (9, 'y', null);

insert into customer (id, name) values (null, 'x');

insert into customer (id, name) values (1, 'again') on conflict do nothing;

insert into customer (id, name) values (1, 'again'), (20, 'twenty') on conflict (id) do nothing;

insert into customer (id, name) values (1, 'again') on conflict (id) do update set name = excluded.name, vip = not customer.vip;

insert into customer (id, name, balance) values (1, 'again', 5), (21, 'new', 6) on conflict (id) do update set balance = customer.balance + excluded.balance where customer.balance > 100;

insert into customer (id, name, email) values (30, 'x', 'bob@example.org') on conflict (email) do update set name = 'taken by ' || excluded.name;

insert into customer (id, name) values (1, 'x') on conflict (name) do nothing;

insert into customer (id, name) values (50, 'a'), (50, 'b') on conflict (id) do update set name = excluded.name;

insert into customer (id, name) values (50, 'a'), (50, 'b') on conflict (id) do nothing;

insert into item (order_id, line, sku) values (10, 1, 'dup') on conflict (order_id, line) do update set qty = item.qty + 1, sku = excluded.sku;

insert into item (order_id, line, sku) values (10, 1, 'dup') on conflict (line, order_id) do nothing;

insert into item (order_id, line, sku) values (10, 1, 'dup') on conflict (order_id) do nothing;

update t set b = a * 2 where a is not null and a < 100;

update t set a = b, b = a;

update t set c = null;

update t set a = a + 1 where a = 2147483647;

update t set a = default;

update customer set vip = default, city = upper(city) where id < 4;

update customer set name = null where id = 1;

update customer set id = 2 where id = 1;

update customer set id = id + 1;

update customer set balance = (select sum(price) from item) where id = 3;

update customer set city = (select note from orders where customer_id = customer.id order by id limit 1);

update customer c set name = c.name || '!' where c.vip;

update customer set zzz = 1;

update customer set name = 5 where id = 1;

update customer set id = 'x' where id = 1;

update customer set name = 'a', name = 'b' where id = 1;

update customer set email = 'bob@example.org' where id = 3;

update zzz set a = 1;

update t set b = 1 / 0;

update doc set body = body || '{"new": true}' where jsonb_typeof(body) = 'object';

update doc set body = jsonb_build_object('was', body), raw = '\x01' || raw;

update orders set placed = placed + interval '1 day', total = coalesce(total, 0) + 1 where id <> 14;

delete from t where a = 1;

delete from t;

delete from t where c like '%x%';

delete from customer where id in (select customer_id from orders);

delete from customer c where not exists (select 1 from orders o where o.customer_id = c.id);

delete from t where zzz = 1;

delete from t where a;

insert into t values (1, 2, 'x');
update t set c = 'y' where b = 2;
delete from t where c <> 'y' or c is null;
select * from t;

create table k (id integer primary key, n integer check (n > 0), unique (n));
insert into k values (1, 1), (2, null), (3, null);
insert into k values (4, 0);

create table k (id integer primary key, n integer check (n > 0), unique (n));
insert into k values (1, 1);
insert into k values (2, 1);

create table k (a text default 'xy', b integer default 2, c boolean default true, d timestamptz default '2024-01-01 00:00:00+00', e jsonb default '{"a":1}');
insert into k (a) values (default);
insert into k (a, b) values (default, 5);
select * from k;

create table k (a integer, a integer);

create table customer (id integer);

create table k (a zzz);

-- refused: a default that is no constant
create table k (b integer default 1 + 1);

-- another place
create table k (id integer primary key, b text primary key);

create table k (a text primary key, b integer not null);
insert into k values ('a', 1), ('b', 2);
insert into k values ('a', 3) on conflict (a) do update set b = k.b + excluded.b;
select * from k order by a;

create table k (a integer);
create unique index k_a on k (a);
insert into k values (1), (null), (null);
insert into k values (1);

-- refused: json
create table k (a json);

-- refused: a sequence
create table k (id serial primary key);

-- refused: a key between tables
create table k (id integer references customer (id));

-- refused: as a column
create table k (a numeric);

-- refused
create temporary table k (a integer);

-- refused
insert into t values (1, 2, 'x') returning a;

-- refused
delete from t using customer where t.a = customer.id;

-- refused
truncate t;
