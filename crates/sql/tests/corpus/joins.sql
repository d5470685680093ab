-- Joins.

select c.name, o.id from customer c join orders o on o.customer_id = c.id order by o.id;

select c.name, o.id from customer c left join orders o on o.customer_id = c.id order by c.id, o.id;

select c.name, o.id from customer c right join orders o on o.customer_id = c.id order by o.id;

select c.name, o.id from customer c full join orders o on o.customer_id = c.id order by c.id nulls first, o.id nulls first;

select count(*) from customer cross join orders;

select count(*) from customer, orders, item;

select c.name, o.id, i.sku from customer c join orders o on o.customer_id = c.id left join item i on i.order_id = o.id order by o.id, i.line;

select o.id, i.sku from orders o left join item i on i.order_id = o.id and i.qty > 1 order by o.id, i.sku;

select o.id, i.sku from orders o left join item i on i.order_id = o.id where i.qty > 1 order by o.id, i.sku;

select x.a, y.a from t x join t y on x.a = y.b order by 1, 2;

select x.a, y.b from t x join t y on x.a is not distinct from y.a and x.b < y.b order by 1, 2;

select * from (values (1, 'a'), (2, 'b')) x(id, l) join (values (2, 'B'), (3, 'C')) y(id, r) using (id) order by id;

select * from (values (1, 'a'), (2, 'b')) x(id, l) left join (values (2, 'B'), (3, 'C')) y(id, r) using (id) order by id;

select id, l, r from (values (1, 'a'), (2, 'b')) x(id, l) full join (values (2, 'B'), (3, 'C')) y(id, r) using (id) order by id;

select * from (values (1, 'a'), (2, 'b')) x(id, l) natural join (values (2, 'B'), (3, 'C')) y(id, r) order by id;

select x.id, y.id from (values (1), (2)) x(id) full join (values (2), (3)) y(id) on x.id = y.id order by 1 nulls last, 2;

select c.id from customer c join orders o on true where o.id = 10 and c.id < 3 order by c.id;

select c.id from customer c join orders o on c.id = o.customer_id join customer d on d.id = c.id where d.name = 'Ada' order by o.id, c.id;

select a.id from customer a left join (orders o join item i on i.order_id = o.id) on o.customer_id = a.id where i.sku is null order by a.id;

select id from customer join orders on customer.id = orders.customer_id;

select * from customer join orders using (no_such);

select * from customer c join orders o on c.id;

select * from customer join orders;

-- refused: lateral
select c.name, l.total from customer c left join lateral (select total from orders o where o.customer_id = c.id order by total limit 1) l on true order by c.id;

select sum(i.qty * i.price), o.id from orders o join item i on i.order_id = o.id group by o.id order by o.id;

select c.city, count(o.id), count(*), sum(o.total) from customer c left join orders o on o.customer_id = c.id group by c.city order by c.city;
