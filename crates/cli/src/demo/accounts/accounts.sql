-- projection: accounts
create table account (
  id text primary key,
  name text not null unique,
  email text not null,
  opened timestamptz not null
);

-- on: AccountOpened
insert into account (id, name, email, opened) values (@key, :name, :email, @occurred_at);

-- on: EmailChanged
update account set email = :email where id = @key;
