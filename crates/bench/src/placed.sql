-- projection: placed
create table placed (
  id bigint primary key,
  customer bigint not null,
  sku text not null,
  quantity bigint not null,
  price_cents bigint not null
);

-- on: OrderPlaced
insert into placed (id, customer, sku, quantity, price_cents)
  values (:order, :customer, :sku, :quantity, :price_cents);
