-- projection: orders
create table customer (
  id bigint primary key,
  orders bigint not null,
  cents bigint not null,
  latest timestamptz not null
);

-- on: OrderPlaced
insert into customer (id, orders, cents, latest)
  values (:customer, 1, :quantity::bigint * :price_cents::bigint, @recorded_at)
  on conflict (id) do update
    set orders = customer.orders + 1, cents = customer.cents + excluded.cents,
        latest = excluded.latest;
