-- Intervals: arithmetic, comparison, parts, ages.

select timestamptz '2024-01-31 12:00:00+00' + interval '1 day', timestamptz '2024-01-31 12:00:00+00' - interval '1 day', interval '1 day' + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + interval '1 day', timestamptz '2024-02-29 00:00:00.000001+00' - interval '1 day', interval '1 day' + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + interval '1 day', timestamptz '1999-12-31 23:59:59.999999+00' - interval '1 day', interval '1 day' + timestamptz '1999-12-31 23:59:59.999999+00';

select interval '1 day' + interval '1 day', interval '1 day' - interval '1 day';

select interval '1 day' = interval '1 day', interval '1 day' < interval '1 day', interval '1 day' >= interval '1 day', interval '1 day' <> interval '1 day';

select interval '1 day' + interval '-1 month', interval '1 day' - interval '-1 month';

select interval '1 day' = interval '-1 month', interval '1 day' < interval '-1 month', interval '1 day' >= interval '-1 month', interval '1 day' <> interval '-1 month';

select interval '1 day' + interval '25:30:00.25', interval '1 day' - interval '25:30:00.25';

select interval '1 day' = interval '25:30:00.25', interval '1 day' < interval '25:30:00.25', interval '1 day' >= interval '25:30:00.25', interval '1 day' <> interval '25:30:00.25';

select interval '1 day' + interval '1 year 2 mons -3 days 04:05:06', interval '1 day' - interval '1 year 2 mons -3 days 04:05:06';

select interval '1 day' = interval '1 year 2 mons -3 days 04:05:06', interval '1 day' < interval '1 year 2 mons -3 days 04:05:06', interval '1 day' >= interval '1 year 2 mons -3 days 04:05:06', interval '1 day' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '1 day' + interval '0', interval '1 day' - interval '0';

-- refused
select interval '1 day' = interval '0', interval '1 day' < interval '0', interval '1 day' >= interval '0', interval '1 day' <> interval '0';

select interval '1 day' + interval '0 days', interval '1 day' - interval '0 days';

select interval '1 day' = interval '0 days', interval '1 day' < interval '0 days', interval '1 day' >= interval '0 days', interval '1 day' <> interval '0 days';

select interval '1 day' + null::interval, interval '1 day' - null::interval;

select interval '1 day' = null::interval, interval '1 day' < null::interval, interval '1 day' >= null::interval, interval '1 day' <> null::interval;

select -(interval '1 day'), interval '1 day'::text;

select interval '1 day' * 2, interval '1 day' * 0, 3 * interval '1 day';

-- refused
select interval '1 day' / 2;

-- refused
select interval '1 day' * 1.5;

select interval '1 day' / 0;

select extract(year from interval '1 day'), date_part('year', interval '1 day');

select extract(month from interval '1 day'), date_part('month', interval '1 day');

select extract(day from interval '1 day'), date_part('day', interval '1 day');

select extract(hour from interval '1 day'), date_part('hour', interval '1 day');

select extract(minute from interval '1 day'), date_part('minute', interval '1 day');

select extract(second from interval '1 day'), date_part('second', interval '1 day');

select extract(epoch from interval '1 day'), date_part('epoch', interval '1 day');

select extract(milliseconds from interval '1 day'), date_part('milliseconds', interval '1 day');

select extract(microseconds from interval '1 day'), date_part('microseconds', interval '1 day');

select extract(quarter from interval '1 day'), date_part('quarter', interval '1 day');

select extract(decade from interval '1 day'), date_part('decade', interval '1 day');

select extract(century from interval '1 day'), date_part('century', interval '1 day');

select extract(millennium from interval '1 day'), date_part('millennium', interval '1 day');

select extract(week from interval '1 day'), date_part('week', interval '1 day');

select extract(dow from interval '1 day'), date_part('dow', interval '1 day');

select timestamptz '2024-01-31 12:00:00+00' + interval '-1 month', timestamptz '2024-01-31 12:00:00+00' - interval '-1 month', interval '-1 month' + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + interval '-1 month', timestamptz '2024-02-29 00:00:00.000001+00' - interval '-1 month', interval '-1 month' + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + interval '-1 month', timestamptz '1999-12-31 23:59:59.999999+00' - interval '-1 month', interval '-1 month' + timestamptz '1999-12-31 23:59:59.999999+00';

select interval '-1 month' + interval '1 day', interval '-1 month' - interval '1 day';

select interval '-1 month' = interval '1 day', interval '-1 month' < interval '1 day', interval '-1 month' >= interval '1 day', interval '-1 month' <> interval '1 day';

select interval '-1 month' + interval '-1 month', interval '-1 month' - interval '-1 month';

select interval '-1 month' = interval '-1 month', interval '-1 month' < interval '-1 month', interval '-1 month' >= interval '-1 month', interval '-1 month' <> interval '-1 month';

select interval '-1 month' + interval '25:30:00.25', interval '-1 month' - interval '25:30:00.25';

select interval '-1 month' = interval '25:30:00.25', interval '-1 month' < interval '25:30:00.25', interval '-1 month' >= interval '25:30:00.25', interval '-1 month' <> interval '25:30:00.25';

select interval '-1 month' + interval '1 year 2 mons -3 days 04:05:06', interval '-1 month' - interval '1 year 2 mons -3 days 04:05:06';

select interval '-1 month' = interval '1 year 2 mons -3 days 04:05:06', interval '-1 month' < interval '1 year 2 mons -3 days 04:05:06', interval '-1 month' >= interval '1 year 2 mons -3 days 04:05:06', interval '-1 month' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '-1 month' + interval '0', interval '-1 month' - interval '0';

-- refused
select interval '-1 month' = interval '0', interval '-1 month' < interval '0', interval '-1 month' >= interval '0', interval '-1 month' <> interval '0';

select interval '-1 month' + interval '0 days', interval '-1 month' - interval '0 days';

select interval '-1 month' = interval '0 days', interval '-1 month' < interval '0 days', interval '-1 month' >= interval '0 days', interval '-1 month' <> interval '0 days';

select interval '-1 month' + null::interval, interval '-1 month' - null::interval;

select interval '-1 month' = null::interval, interval '-1 month' < null::interval, interval '-1 month' >= null::interval, interval '-1 month' <> null::interval;

select -(interval '-1 month'), interval '-1 month'::text;

select interval '-1 month' * 2, interval '-1 month' * 0, 3 * interval '-1 month';

-- refused
select interval '-1 month' / 2;

-- refused
select interval '-1 month' * 1.5;

select interval '-1 month' / 0;

select extract(year from interval '-1 month'), date_part('year', interval '-1 month');

select extract(month from interval '-1 month'), date_part('month', interval '-1 month');

select extract(day from interval '-1 month'), date_part('day', interval '-1 month');

select extract(hour from interval '-1 month'), date_part('hour', interval '-1 month');

select extract(minute from interval '-1 month'), date_part('minute', interval '-1 month');

select extract(second from interval '-1 month'), date_part('second', interval '-1 month');

select extract(epoch from interval '-1 month'), date_part('epoch', interval '-1 month');

select extract(milliseconds from interval '-1 month'), date_part('milliseconds', interval '-1 month');

select extract(microseconds from interval '-1 month'), date_part('microseconds', interval '-1 month');

select extract(quarter from interval '-1 month'), date_part('quarter', interval '-1 month');

select extract(decade from interval '-1 month'), date_part('decade', interval '-1 month');

select extract(century from interval '-1 month'), date_part('century', interval '-1 month');

select extract(millennium from interval '-1 month'), date_part('millennium', interval '-1 month');

select extract(week from interval '-1 month'), date_part('week', interval '-1 month');

select extract(dow from interval '-1 month'), date_part('dow', interval '-1 month');

select timestamptz '2024-01-31 12:00:00+00' + interval '25:30:00.25', timestamptz '2024-01-31 12:00:00+00' - interval '25:30:00.25', interval '25:30:00.25' + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + interval '25:30:00.25', timestamptz '2024-02-29 00:00:00.000001+00' - interval '25:30:00.25', interval '25:30:00.25' + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + interval '25:30:00.25', timestamptz '1999-12-31 23:59:59.999999+00' - interval '25:30:00.25', interval '25:30:00.25' + timestamptz '1999-12-31 23:59:59.999999+00';

select interval '25:30:00.25' + interval '1 day', interval '25:30:00.25' - interval '1 day';

select interval '25:30:00.25' = interval '1 day', interval '25:30:00.25' < interval '1 day', interval '25:30:00.25' >= interval '1 day', interval '25:30:00.25' <> interval '1 day';

select interval '25:30:00.25' + interval '-1 month', interval '25:30:00.25' - interval '-1 month';

select interval '25:30:00.25' = interval '-1 month', interval '25:30:00.25' < interval '-1 month', interval '25:30:00.25' >= interval '-1 month', interval '25:30:00.25' <> interval '-1 month';

select interval '25:30:00.25' + interval '25:30:00.25', interval '25:30:00.25' - interval '25:30:00.25';

select interval '25:30:00.25' = interval '25:30:00.25', interval '25:30:00.25' < interval '25:30:00.25', interval '25:30:00.25' >= interval '25:30:00.25', interval '25:30:00.25' <> interval '25:30:00.25';

select interval '25:30:00.25' + interval '1 year 2 mons -3 days 04:05:06', interval '25:30:00.25' - interval '1 year 2 mons -3 days 04:05:06';

select interval '25:30:00.25' = interval '1 year 2 mons -3 days 04:05:06', interval '25:30:00.25' < interval '1 year 2 mons -3 days 04:05:06', interval '25:30:00.25' >= interval '1 year 2 mons -3 days 04:05:06', interval '25:30:00.25' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '25:30:00.25' + interval '0', interval '25:30:00.25' - interval '0';

-- refused
select interval '25:30:00.25' = interval '0', interval '25:30:00.25' < interval '0', interval '25:30:00.25' >= interval '0', interval '25:30:00.25' <> interval '0';

select interval '25:30:00.25' + interval '0 days', interval '25:30:00.25' - interval '0 days';

select interval '25:30:00.25' = interval '0 days', interval '25:30:00.25' < interval '0 days', interval '25:30:00.25' >= interval '0 days', interval '25:30:00.25' <> interval '0 days';

select interval '25:30:00.25' + null::interval, interval '25:30:00.25' - null::interval;

select interval '25:30:00.25' = null::interval, interval '25:30:00.25' < null::interval, interval '25:30:00.25' >= null::interval, interval '25:30:00.25' <> null::interval;

select -(interval '25:30:00.25'), interval '25:30:00.25'::text;

select interval '25:30:00.25' * 2, interval '25:30:00.25' * 0, 3 * interval '25:30:00.25';

select interval '25:30:00.25' / 2;

select interval '25:30:00.25' * 1.5;

select interval '25:30:00.25' / 0;

select extract(year from interval '25:30:00.25'), date_part('year', interval '25:30:00.25');

select extract(month from interval '25:30:00.25'), date_part('month', interval '25:30:00.25');

select extract(day from interval '25:30:00.25'), date_part('day', interval '25:30:00.25');

select extract(hour from interval '25:30:00.25'), date_part('hour', interval '25:30:00.25');

select extract(minute from interval '25:30:00.25'), date_part('minute', interval '25:30:00.25');

select extract(second from interval '25:30:00.25'), date_part('second', interval '25:30:00.25');

select extract(epoch from interval '25:30:00.25'), date_part('epoch', interval '25:30:00.25');

select extract(milliseconds from interval '25:30:00.25'), date_part('milliseconds', interval '25:30:00.25');

select extract(microseconds from interval '25:30:00.25'), date_part('microseconds', interval '25:30:00.25');

select extract(quarter from interval '25:30:00.25'), date_part('quarter', interval '25:30:00.25');

select extract(decade from interval '25:30:00.25'), date_part('decade', interval '25:30:00.25');

select extract(century from interval '25:30:00.25'), date_part('century', interval '25:30:00.25');

select extract(millennium from interval '25:30:00.25'), date_part('millennium', interval '25:30:00.25');

select extract(week from interval '25:30:00.25'), date_part('week', interval '25:30:00.25');

select extract(dow from interval '25:30:00.25'), date_part('dow', interval '25:30:00.25');

select timestamptz '2024-01-31 12:00:00+00' + interval '1 year 2 mons -3 days 04:05:06', timestamptz '2024-01-31 12:00:00+00' - interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + interval '1 year 2 mons -3 days 04:05:06', timestamptz '2024-02-29 00:00:00.000001+00' - interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + interval '1 year 2 mons -3 days 04:05:06', timestamptz '1999-12-31 23:59:59.999999+00' - interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' + timestamptz '1999-12-31 23:59:59.999999+00';

select interval '1 year 2 mons -3 days 04:05:06' + interval '1 day', interval '1 year 2 mons -3 days 04:05:06' - interval '1 day';

select interval '1 year 2 mons -3 days 04:05:06' = interval '1 day', interval '1 year 2 mons -3 days 04:05:06' < interval '1 day', interval '1 year 2 mons -3 days 04:05:06' >= interval '1 day', interval '1 year 2 mons -3 days 04:05:06' <> interval '1 day';

select interval '1 year 2 mons -3 days 04:05:06' + interval '-1 month', interval '1 year 2 mons -3 days 04:05:06' - interval '-1 month';

select interval '1 year 2 mons -3 days 04:05:06' = interval '-1 month', interval '1 year 2 mons -3 days 04:05:06' < interval '-1 month', interval '1 year 2 mons -3 days 04:05:06' >= interval '-1 month', interval '1 year 2 mons -3 days 04:05:06' <> interval '-1 month';

select interval '1 year 2 mons -3 days 04:05:06' + interval '25:30:00.25', interval '1 year 2 mons -3 days 04:05:06' - interval '25:30:00.25';

select interval '1 year 2 mons -3 days 04:05:06' = interval '25:30:00.25', interval '1 year 2 mons -3 days 04:05:06' < interval '25:30:00.25', interval '1 year 2 mons -3 days 04:05:06' >= interval '25:30:00.25', interval '1 year 2 mons -3 days 04:05:06' <> interval '25:30:00.25';

select interval '1 year 2 mons -3 days 04:05:06' + interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' - interval '1 year 2 mons -3 days 04:05:06';

select interval '1 year 2 mons -3 days 04:05:06' = interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' < interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' >= interval '1 year 2 mons -3 days 04:05:06', interval '1 year 2 mons -3 days 04:05:06' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '1 year 2 mons -3 days 04:05:06' + interval '0', interval '1 year 2 mons -3 days 04:05:06' - interval '0';

-- refused
select interval '1 year 2 mons -3 days 04:05:06' = interval '0', interval '1 year 2 mons -3 days 04:05:06' < interval '0', interval '1 year 2 mons -3 days 04:05:06' >= interval '0', interval '1 year 2 mons -3 days 04:05:06' <> interval '0';

select interval '1 year 2 mons -3 days 04:05:06' + interval '0 days', interval '1 year 2 mons -3 days 04:05:06' - interval '0 days';

select interval '1 year 2 mons -3 days 04:05:06' = interval '0 days', interval '1 year 2 mons -3 days 04:05:06' < interval '0 days', interval '1 year 2 mons -3 days 04:05:06' >= interval '0 days', interval '1 year 2 mons -3 days 04:05:06' <> interval '0 days';

select interval '1 year 2 mons -3 days 04:05:06' + null::interval, interval '1 year 2 mons -3 days 04:05:06' - null::interval;

select interval '1 year 2 mons -3 days 04:05:06' = null::interval, interval '1 year 2 mons -3 days 04:05:06' < null::interval, interval '1 year 2 mons -3 days 04:05:06' >= null::interval, interval '1 year 2 mons -3 days 04:05:06' <> null::interval;

select -(interval '1 year 2 mons -3 days 04:05:06'), interval '1 year 2 mons -3 days 04:05:06'::text;

select interval '1 year 2 mons -3 days 04:05:06' * 2, interval '1 year 2 mons -3 days 04:05:06' * 0, 3 * interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '1 year 2 mons -3 days 04:05:06' / 2;

-- refused
select interval '1 year 2 mons -3 days 04:05:06' * 1.5;

select interval '1 year 2 mons -3 days 04:05:06' / 0;

select extract(year from interval '1 year 2 mons -3 days 04:05:06'), date_part('year', interval '1 year 2 mons -3 days 04:05:06');

select extract(month from interval '1 year 2 mons -3 days 04:05:06'), date_part('month', interval '1 year 2 mons -3 days 04:05:06');

select extract(day from interval '1 year 2 mons -3 days 04:05:06'), date_part('day', interval '1 year 2 mons -3 days 04:05:06');

select extract(hour from interval '1 year 2 mons -3 days 04:05:06'), date_part('hour', interval '1 year 2 mons -3 days 04:05:06');

select extract(minute from interval '1 year 2 mons -3 days 04:05:06'), date_part('minute', interval '1 year 2 mons -3 days 04:05:06');

select extract(second from interval '1 year 2 mons -3 days 04:05:06'), date_part('second', interval '1 year 2 mons -3 days 04:05:06');

select extract(epoch from interval '1 year 2 mons -3 days 04:05:06'), date_part('epoch', interval '1 year 2 mons -3 days 04:05:06');

select extract(milliseconds from interval '1 year 2 mons -3 days 04:05:06'), date_part('milliseconds', interval '1 year 2 mons -3 days 04:05:06');

select extract(microseconds from interval '1 year 2 mons -3 days 04:05:06'), date_part('microseconds', interval '1 year 2 mons -3 days 04:05:06');

select extract(quarter from interval '1 year 2 mons -3 days 04:05:06'), date_part('quarter', interval '1 year 2 mons -3 days 04:05:06');

select extract(decade from interval '1 year 2 mons -3 days 04:05:06'), date_part('decade', interval '1 year 2 mons -3 days 04:05:06');

select extract(century from interval '1 year 2 mons -3 days 04:05:06'), date_part('century', interval '1 year 2 mons -3 days 04:05:06');

select extract(millennium from interval '1 year 2 mons -3 days 04:05:06'), date_part('millennium', interval '1 year 2 mons -3 days 04:05:06');

select extract(week from interval '1 year 2 mons -3 days 04:05:06'), date_part('week', interval '1 year 2 mons -3 days 04:05:06');

select extract(dow from interval '1 year 2 mons -3 days 04:05:06'), date_part('dow', interval '1 year 2 mons -3 days 04:05:06');

-- refused
select timestamptz '2024-01-31 12:00:00+00' + interval '0', timestamptz '2024-01-31 12:00:00+00' - interval '0', interval '0' + timestamptz '2024-01-31 12:00:00+00';

-- refused
select timestamptz '2024-02-29 00:00:00.000001+00' + interval '0', timestamptz '2024-02-29 00:00:00.000001+00' - interval '0', interval '0' + timestamptz '2024-02-29 00:00:00.000001+00';

-- refused
select timestamptz '1999-12-31 23:59:59.999999+00' + interval '0', timestamptz '1999-12-31 23:59:59.999999+00' - interval '0', interval '0' + timestamptz '1999-12-31 23:59:59.999999+00';

-- refused
select interval '0' + interval '1 day', interval '0' - interval '1 day';

-- refused
select interval '0' = interval '1 day', interval '0' < interval '1 day', interval '0' >= interval '1 day', interval '0' <> interval '1 day';

-- refused
select interval '0' + interval '-1 month', interval '0' - interval '-1 month';

-- refused
select interval '0' = interval '-1 month', interval '0' < interval '-1 month', interval '0' >= interval '-1 month', interval '0' <> interval '-1 month';

-- refused
select interval '0' + interval '25:30:00.25', interval '0' - interval '25:30:00.25';

-- refused
select interval '0' = interval '25:30:00.25', interval '0' < interval '25:30:00.25', interval '0' >= interval '25:30:00.25', interval '0' <> interval '25:30:00.25';

-- refused
select interval '0' + interval '1 year 2 mons -3 days 04:05:06', interval '0' - interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '0' = interval '1 year 2 mons -3 days 04:05:06', interval '0' < interval '1 year 2 mons -3 days 04:05:06', interval '0' >= interval '1 year 2 mons -3 days 04:05:06', interval '0' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '0' + interval '0', interval '0' - interval '0';

-- refused
select interval '0' = interval '0', interval '0' < interval '0', interval '0' >= interval '0', interval '0' <> interval '0';

-- refused
select interval '0' + interval '0 days', interval '0' - interval '0 days';

-- refused
select interval '0' = interval '0 days', interval '0' < interval '0 days', interval '0' >= interval '0 days', interval '0' <> interval '0 days';

-- refused
select interval '0' + null::interval, interval '0' - null::interval;

-- refused
select interval '0' = null::interval, interval '0' < null::interval, interval '0' >= null::interval, interval '0' <> null::interval;

-- refused
select -(interval '0'), interval '0'::text;

-- refused
select interval '0' * 2, interval '0' * 0, 3 * interval '0';

-- refused
select interval '0' / 2;

-- refused
select interval '0' * 1.5;

-- refused, 22012
select interval '0' / 0;

-- refused
select extract(year from interval '0'), date_part('year', interval '0');

-- refused
select extract(month from interval '0'), date_part('month', interval '0');

-- refused
select extract(day from interval '0'), date_part('day', interval '0');

-- refused
select extract(hour from interval '0'), date_part('hour', interval '0');

-- refused
select extract(minute from interval '0'), date_part('minute', interval '0');

-- refused
select extract(second from interval '0'), date_part('second', interval '0');

-- refused
select extract(epoch from interval '0'), date_part('epoch', interval '0');

-- refused
select extract(milliseconds from interval '0'), date_part('milliseconds', interval '0');

-- refused
select extract(microseconds from interval '0'), date_part('microseconds', interval '0');

-- refused
select extract(quarter from interval '0'), date_part('quarter', interval '0');

-- refused
select extract(decade from interval '0'), date_part('decade', interval '0');

-- refused
select extract(century from interval '0'), date_part('century', interval '0');

-- refused
select extract(millennium from interval '0'), date_part('millennium', interval '0');

select extract(week from interval '0'), date_part('week', interval '0');

select extract(dow from interval '0'), date_part('dow', interval '0');

select timestamptz '2024-01-31 12:00:00+00' + interval '0 days', timestamptz '2024-01-31 12:00:00+00' - interval '0 days', interval '0 days' + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + interval '0 days', timestamptz '2024-02-29 00:00:00.000001+00' - interval '0 days', interval '0 days' + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + interval '0 days', timestamptz '1999-12-31 23:59:59.999999+00' - interval '0 days', interval '0 days' + timestamptz '1999-12-31 23:59:59.999999+00';

select interval '0 days' + interval '1 day', interval '0 days' - interval '1 day';

select interval '0 days' = interval '1 day', interval '0 days' < interval '1 day', interval '0 days' >= interval '1 day', interval '0 days' <> interval '1 day';

select interval '0 days' + interval '-1 month', interval '0 days' - interval '-1 month';

select interval '0 days' = interval '-1 month', interval '0 days' < interval '-1 month', interval '0 days' >= interval '-1 month', interval '0 days' <> interval '-1 month';

select interval '0 days' + interval '25:30:00.25', interval '0 days' - interval '25:30:00.25';

select interval '0 days' = interval '25:30:00.25', interval '0 days' < interval '25:30:00.25', interval '0 days' >= interval '25:30:00.25', interval '0 days' <> interval '25:30:00.25';

select interval '0 days' + interval '1 year 2 mons -3 days 04:05:06', interval '0 days' - interval '1 year 2 mons -3 days 04:05:06';

select interval '0 days' = interval '1 year 2 mons -3 days 04:05:06', interval '0 days' < interval '1 year 2 mons -3 days 04:05:06', interval '0 days' >= interval '1 year 2 mons -3 days 04:05:06', interval '0 days' <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select interval '0 days' + interval '0', interval '0 days' - interval '0';

-- refused
select interval '0 days' = interval '0', interval '0 days' < interval '0', interval '0 days' >= interval '0', interval '0 days' <> interval '0';

select interval '0 days' + interval '0 days', interval '0 days' - interval '0 days';

select interval '0 days' = interval '0 days', interval '0 days' < interval '0 days', interval '0 days' >= interval '0 days', interval '0 days' <> interval '0 days';

select interval '0 days' + null::interval, interval '0 days' - null::interval;

select interval '0 days' = null::interval, interval '0 days' < null::interval, interval '0 days' >= null::interval, interval '0 days' <> null::interval;

select -(interval '0 days'), interval '0 days'::text;

select interval '0 days' * 2, interval '0 days' * 0, 3 * interval '0 days';

select interval '0 days' / 2;

select interval '0 days' * 1.5;

select interval '0 days' / 0;

select extract(year from interval '0 days'), date_part('year', interval '0 days');

select extract(month from interval '0 days'), date_part('month', interval '0 days');

select extract(day from interval '0 days'), date_part('day', interval '0 days');

select extract(hour from interval '0 days'), date_part('hour', interval '0 days');

select extract(minute from interval '0 days'), date_part('minute', interval '0 days');

select extract(second from interval '0 days'), date_part('second', interval '0 days');

select extract(epoch from interval '0 days'), date_part('epoch', interval '0 days');

select extract(milliseconds from interval '0 days'), date_part('milliseconds', interval '0 days');

select extract(microseconds from interval '0 days'), date_part('microseconds', interval '0 days');

select extract(quarter from interval '0 days'), date_part('quarter', interval '0 days');

select extract(decade from interval '0 days'), date_part('decade', interval '0 days');

select extract(century from interval '0 days'), date_part('century', interval '0 days');

select extract(millennium from interval '0 days'), date_part('millennium', interval '0 days');

select extract(week from interval '0 days'), date_part('week', interval '0 days');

select extract(dow from interval '0 days'), date_part('dow', interval '0 days');

select timestamptz '2024-01-31 12:00:00+00' + null::interval, timestamptz '2024-01-31 12:00:00+00' - null::interval, null::interval + timestamptz '2024-01-31 12:00:00+00';

select timestamptz '2024-02-29 00:00:00.000001+00' + null::interval, timestamptz '2024-02-29 00:00:00.000001+00' - null::interval, null::interval + timestamptz '2024-02-29 00:00:00.000001+00';

select timestamptz '1999-12-31 23:59:59.999999+00' + null::interval, timestamptz '1999-12-31 23:59:59.999999+00' - null::interval, null::interval + timestamptz '1999-12-31 23:59:59.999999+00';

select null::interval + interval '1 day', null::interval - interval '1 day';

select null::interval = interval '1 day', null::interval < interval '1 day', null::interval >= interval '1 day', null::interval <> interval '1 day';

select null::interval + interval '-1 month', null::interval - interval '-1 month';

select null::interval = interval '-1 month', null::interval < interval '-1 month', null::interval >= interval '-1 month', null::interval <> interval '-1 month';

select null::interval + interval '25:30:00.25', null::interval - interval '25:30:00.25';

select null::interval = interval '25:30:00.25', null::interval < interval '25:30:00.25', null::interval >= interval '25:30:00.25', null::interval <> interval '25:30:00.25';

select null::interval + interval '1 year 2 mons -3 days 04:05:06', null::interval - interval '1 year 2 mons -3 days 04:05:06';

select null::interval = interval '1 year 2 mons -3 days 04:05:06', null::interval < interval '1 year 2 mons -3 days 04:05:06', null::interval >= interval '1 year 2 mons -3 days 04:05:06', null::interval <> interval '1 year 2 mons -3 days 04:05:06';

-- refused
select null::interval + interval '0', null::interval - interval '0';

-- refused
select null::interval = interval '0', null::interval < interval '0', null::interval >= interval '0', null::interval <> interval '0';

select null::interval + interval '0 days', null::interval - interval '0 days';

select null::interval = interval '0 days', null::interval < interval '0 days', null::interval >= interval '0 days', null::interval <> interval '0 days';

select null::interval + null::interval, null::interval - null::interval;

select null::interval = null::interval, null::interval < null::interval, null::interval >= null::interval, null::interval <> null::interval;

select -(null::interval), null::interval::text;

select null::interval * 2, null::interval * 0, 3 * null::interval;

select null::interval / 2;

select null::interval * 1.5;

select null::interval / 0;

select extract(year from null::interval), date_part('year', null::interval);

select extract(month from null::interval), date_part('month', null::interval);

select extract(day from null::interval), date_part('day', null::interval);

select extract(hour from null::interval), date_part('hour', null::interval);

select extract(minute from null::interval), date_part('minute', null::interval);

select extract(second from null::interval), date_part('second', null::interval);

select extract(epoch from null::interval), date_part('epoch', null::interval);

select extract(milliseconds from null::interval), date_part('milliseconds', null::interval);

select extract(microseconds from null::interval), date_part('microseconds', null::interval);

select extract(quarter from null::interval), date_part('quarter', null::interval);

select extract(decade from null::interval), date_part('decade', null::interval);

select extract(century from null::interval), date_part('century', null::interval);

select extract(millennium from null::interval), date_part('millennium', null::interval);

select extract(week from null::interval), date_part('week', null::interval);

select extract(dow from null::interval), date_part('dow', null::interval);

select timestamptz '2024-01-31 12:00:00+00' - timestamptz '2024-01-31 12:00:00+00';

select age(timestamptz '2024-01-31 12:00:00+00', timestamptz '2024-01-31 12:00:00+00');

select timestamptz '2024-01-31 12:00:00+00' - timestamptz '2024-02-29 00:00:00.000001+00';

select age(timestamptz '2024-01-31 12:00:00+00', timestamptz '2024-02-29 00:00:00.000001+00');

select timestamptz '2024-01-31 12:00:00+00' - timestamptz '1999-12-31 23:59:59.999999+00';

select age(timestamptz '2024-01-31 12:00:00+00', timestamptz '1999-12-31 23:59:59.999999+00');

select timestamptz '2024-02-29 00:00:00.000001+00' - timestamptz '2024-01-31 12:00:00+00';

select age(timestamptz '2024-02-29 00:00:00.000001+00', timestamptz '2024-01-31 12:00:00+00');

select timestamptz '2024-02-29 00:00:00.000001+00' - timestamptz '2024-02-29 00:00:00.000001+00';

select age(timestamptz '2024-02-29 00:00:00.000001+00', timestamptz '2024-02-29 00:00:00.000001+00');

select timestamptz '2024-02-29 00:00:00.000001+00' - timestamptz '1999-12-31 23:59:59.999999+00';

select age(timestamptz '2024-02-29 00:00:00.000001+00', timestamptz '1999-12-31 23:59:59.999999+00');

select timestamptz '1999-12-31 23:59:59.999999+00' - timestamptz '2024-01-31 12:00:00+00';

select age(timestamptz '1999-12-31 23:59:59.999999+00', timestamptz '2024-01-31 12:00:00+00');

select timestamptz '1999-12-31 23:59:59.999999+00' - timestamptz '2024-02-29 00:00:00.000001+00';

select age(timestamptz '1999-12-31 23:59:59.999999+00', timestamptz '2024-02-29 00:00:00.000001+00');

select timestamptz '1999-12-31 23:59:59.999999+00' - timestamptz '1999-12-31 23:59:59.999999+00';

select age(timestamptz '1999-12-31 23:59:59.999999+00', timestamptz '1999-12-31 23:59:59.999999+00');

select age(timestamptz '2024-03-01 00:00:00+00', timestamptz '2024-01-31 00:00:00+00');

select age(timestamptz '2023-03-01 10:00:00+00', timestamptz '2020-02-29 11:00:00+00');

select age(timestamptz '2020-02-29 11:00:00+00', timestamptz '2023-03-01 10:00:00+00');

select age(date '2024-03-31', date '2024-02-29');

select sum(x), min(x), max(x), count(x) from (values (interval '1 day'), (interval '36 hours'), (null), (interval '1 month')) v(x);

select x from (values (interval '1 day'), (interval '36 hours'), (null), (interval '1 month'), (interval '-1 year')) v(x) order by x;

select x, count(*) from (values (interval '1 day'), (interval '24:00'), (interval '2 days')) v(x) group by x order by 2;

-- refused
select avg(x) from (values (interval '1 day')) v(x);

select interval '1' day, interval '2' hour, interval '3' month;

-- refused
select interval '1 day' + date '2024-01-01';

-- refused
select date '2024-01-01' + interval '1 day';

select now() - interval '1 day' < now(), now() = current_timestamp, now()::date = current_date, pg_typeof(current_date), pg_typeof(now());

select transaction_timestamp() = now(), statement_timestamp() >= now();

select age(now()) > interval '0 days', pg_typeof(age(now()));

select placed - lag(placed) over (order by placed) from orders order by placed;

-- refused
select coalesce(null, interval '1 day'), nullif(interval '1 day', interval '24 hours'), greatest(interval '1 day', interval '25 hours');

select interval '1 day' = '1 day', interval '1 day' in ('24:00', '2 days');

select jsonb_build_object('i', interval '1 day');

select interval '1 day' || ' x', concat(interval '1 day');

-- each unit once
select '1 day 1 day'::interval;

select '1 week 1 day'::interval;

select '1 day 1 week'::interval;

select '1 week 1 week'::interval;

select '1 month 1 mon'::interval;

select '1 second 1 millisecond'::interval;

select '1 second 1 second'::interval;

select '1 second 1.5 second'::interval;

select '1 millisecond 1 microsecond'::interval;

select '1 millisecond 1 second'::interval;

select '00:01:00 1 second'::interval;

select '1 second 00:01:00'::interval;

select '1 hour 00:01:00'::interval;

select '00:01:00 1 hour'::interval;

select '00:01:00 1 millisecond'::interval;

select '1 millisecond 00:01:00'::interval;

select '1 minute 00:01:00'::interval;

select '1 hour 1 hour'::interval;

select '1 day 00:01:00'::interval;

select '1.5 day 1 day'::interval;

select '1.5 day 1 hour'::interval;

select '1.5 hour 1 minute'::interval;

select '1.5 second 1 millisecond'::interval;

select '1.5 second 1 microsecond'::interval;

select '1.5 minute 1 second'::interval;

select '1 second 1.5 minute'::interval;

select '1 minute 1.5 hour'::interval;

select '00:01:00 00:01:00'::interval;

select '1 year 12 months'::interval;

select '1 year 1 year'::interval;

select '-1 day 1 day'::interval;

select '1 milliseconds 1 milliseconds'::interval;

select '00:01:00 1 microsecond'::interval;

select '1 microsecond 1 second'::interval;

select '1.5 day 00:01:00'::interval;

select '1.0 second 1 millisecond'::interval, '1 second -1 millisecond 2 microseconds'::interval;

-- refused, 22015
select '4000000000:00:00'::interval;
