-- Window functions.

select id, row_number() over (order by id) from orders order by id;

select id, rank() over (order by total), dense_rank() over (order by total), percent_rank() over (order by total), cume_dist() over (order by total) from orders order by id;

select id, ntile(4) over (order by id) from orders order by id;

select id, lag(total) over (order by id), lead(total) over (order by id), lag(total, 2) over (order by id), lead(total, 1, 0::bigint) over (order by id) from orders order by id;

select id, first_value(id) over w, last_value(id) over w, nth_value(id, 2) over w from orders window w as (partition by customer_id order by id) order by id;

select id, sum(total) over (order by id), count(*) over (), avg(total) over (partition by customer_id) from orders where id < 14 order by id;

select id, sum(total) over (order by id rows between 1 preceding and 1 following) from orders where id < 14 order by id;

select order_id, line, sum(price) over (order by order_id, line rows between 1 preceding and current row), avg(price) over (order by order_id, line rows 2 preceding) from item order by order_id, line;

select order_id, line, sum(qty) over (partition by order_id order by line rows between unbounded preceding and unbounded following) from item order by order_id, line;

select a, b, sum(b) over (order by a) from t where a < 100 order by a, b;

select a, b, count(*) over (partition by a), max(b) over (partition by a) from t order by a, b;

select a, row_number() over (order by a desc, b desc, c desc) from t order by 2;

select name, string_agg(name, ',') over (order by id), bool_or(vip) over (order by id) from customer order by id;

select name, rank() over (partition by lower(city) order by name) from customer order by id;

select a, sum(count(*)) over (order by a), rank() over (order by count(*) desc, a) from t group by a order by a;

select id, total, total - lag(total) over (order by placed, id) from orders where total < 1000 order by placed, id;

select * from (select id, row_number() over (partition by customer_id order by id desc) as rn from orders) x where rn = 1 order by id;

select id, count(*) filter (where paid) over (order by id) from orders order by id;

select id, sum(total) over (order by id groups between 1 preceding and current row) from orders where id < 14 order by id;

-- refused: range with an offset
select id, sum(id) over (order by id range between 1 preceding and 1 following) from orders order by id;

select id, count(*) over (order by id rows between unbounded preceding and 1 preceding) from orders order by id;

-- refused: exclude
select id, sum(total) over (order by id rows between current row and unbounded following exclude current row) from orders where id < 14 order by id;

select a, lag(c, 1, 'none') over (order by a, b, c) from t order by a, b, c;

select id, lag(id, 0) over (order by id) from orders order by id;

select row_number() from t;

select a from t where row_number() over () = 1;

select sum(row_number() over ()) from t;

select rank() over (order by no_such) from t;

select ntile(0) over (order by a) from t;

select id, sum(balance) over (order by id rows between 2 preceding and current row) from customer where id <> 5 order by id;

select id, max(name) over (order by id), min(name) over (order by id desc) from customer order by id;

select distinct count(*) over (partition by a) from t order by 1;

select upper(name) over () from customer;
