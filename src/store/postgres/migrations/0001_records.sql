-- The rows of src/store/codec.rs, one table for each kind. Keys are compared byte by byte, so a
-- lookup by the beginning of a key is a range of the primary key.
create table users (key bytea primary key, value bytea not null);
create table call_logs (key bytea primary key, value bytea not null);
create table contacts (key bytea primary key, value bytea not null);
create table conversations (key bytea primary key, value bytea not null);
create table message_logs (key bytea primary key, value bytea not null);
create table claims (key bytea primary key, value bytea not null);
create table documents (key bytea primary key, value bytea not null);

-- What is sealed does not get shorter.
alter table users alter column value set storage external;
alter table contacts alter column value set storage external;
alter table documents alter column value set storage external;

-- What the store knows about itself: `check` opens only with the key that sealed the rest.
create table marks (name text primary key, value bytea not null);

-- `documents` rises with every change of documents, for processes that missed the notification.
create table counters (name text primary key, value bigint not null);
insert into counters (name, value) values ('documents', 1);
