-- Dates and timestamps, in time zone UTC.

select id, placed from orders order by placed;

-- refused: a timestamp without time zone
select placed at time zone 'UTC' from orders where false;

select date '2024-02-29' + 1, date '2024-03-01' - 1, date '2024-03-01' - date '2024-02-01', 1 + date '2023-12-31';

select joined, joined + 365, joined - date '2024-01-01' from customer order by id;

select date '2024-01-01' < date '2024-01-02', date '2024-01-01' = timestamptz '2024-01-01 00:00:00+00', date '2024-01-01' < timestamptz '2024-01-01 00:00:00-01';

select placed > '2024-02-01', placed >= '2024-02-29 10:00:00+00', placed < date '2024-01-16' from orders order by id;

select date_trunc('day', placed), date_trunc('month', placed), date_trunc('year', placed), date_trunc('hour', placed) from orders order by id;

select date_trunc('week', placed), date_trunc('quarter', placed), date_trunc('minute', placed), date_trunc('second', placed), date_trunc('milliseconds', placed) from orders order by id;

select date_trunc('decade', placed), date_trunc('century', placed), date_trunc('millennium', placed), date_trunc('microseconds', placed) from orders order by id;

select date_trunc('MONTH', timestamptz '2024-02-29 12:00:00+00'), date_trunc('month', date '2024-02-29');

select date_trunc('fortnight', timestamptz '2024-02-29 12:00:00+00');

select date_trunc('dow', timestamptz '2024-02-29 12:00:00+00');

select extract(year from placed), extract(month from placed), extract(day from placed), extract(hour from placed), extract(minute from placed), extract(second from placed) from orders order by id;

select extract(epoch from placed), extract(milliseconds from placed), extract(microseconds from placed) from orders order by id;

select extract(dow from placed), extract(isodow from placed), extract(doy from placed), extract(week from placed), extract(isoyear from placed), extract(quarter from placed) from orders order by id;

select extract(decade from placed), extract(century from placed), extract(millennium from placed), extract(timezone from placed) from orders order by id;

select extract(year from joined), extract(dow from joined), extract(week from joined), extract(epoch from joined), extract(isoyear from joined), extract(century from joined) from customer order by id;

select extract(hour from date '2024-01-01');

select extract(fortnight from date '2024-01-01');

select extract(week from date '2021-01-03'), extract(week from date '2020-12-31'), extract(isoyear from date '2021-01-03'), extract(isodow from date '2021-01-03'), extract(dow from date '2021-01-03');

select extract(year from date '0001-01-01'), extract(century from date '2000-12-31'), extract(century from date '2001-01-01'), extract(millennium from date '2000-01-01'), extract(decade from date '1999-01-01');

select date_part('year', placed), date_part('epoch', placed), date_part('second', placed) from orders order by id;

select date_part('month', joined) from customer order by id;

select make_date(2024, 2, 29), make_date(1, 1, 1);

select make_date(2023, 2, 29);

select make_date(2024, 13, 1);

select to_timestamp(0), to_timestamp(1700000000.123456), to_timestamp(-1.5);

select placed + interval '1 day', placed - interval '2 hours', placed + interval '1 month' from orders order by id;

select timestamptz '2024-01-31 10:00:00+00' + interval '1 month', timestamptz '2024-03-31 10:00:00+00' - interval '1 month', timestamptz '2024-02-29 00:00:00+00' + interval '1 year';

select timestamptz '2024-01-31 10:00:00+00' + interval '1 month 1 day 01:30:00', timestamptz '2024-01-31 10:00:00+00' + interval '-3 weeks';

-- refused: a timestamp without time zone
select date '2024-01-01' + interval '1 day';

select placed - timestamptz '2024-01-01' from orders;

select interval '1 day';

select to_char(placed, 'YYYY-MM') from orders;

-- refused: years beyond 9999
select date '9999-12-31' + 1;

-- refused: years before 1
select date '0001-01-01' - 1;

select '2024-02-30'::date;

select '2024-13-01 00:00:00'::timestamptz;

select timestamptz '2024-06-30 23:59:59.9999995+00';

select max(placed), min(placed), max(joined), min(joined), count(joined) from orders, customer;

select count(*), date_trunc('month', placed) from orders group by date_trunc('month', placed) order by 2;

select placed = placed, joined is null, joined between '2023-01-01' and '2024-01-31' from orders join customer on customer.id = customer_id order by orders.id;

select date '2024-01-01' + 1.5;

select date '2024-01-01' + date '2024-01-01';

select 'yesterday-ish'::timestamptz;
