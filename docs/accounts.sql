-- projection: accounts
create table account (id text primary key, email text not null);

-- on: AccountOpened
insert into account (id, email) values (@key, :email);

-- on: EmailChanged
update account set email = :email where id = @key;
