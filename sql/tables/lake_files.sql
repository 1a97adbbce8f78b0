-- The exact files this snapshot stands on.
create table lake_files (
    table_name varchar not null,
    sae varchar,
    role varchar,
    path varchar not null,
    fingerprint varchar not null,
    n_rows bigint not null,
    bytes bigint not null,
    modified timestamp not null
);
comment on table lake_files is 'The Parquet files this snapshot stands on; the views read exactly these';
comment on column lake_files.path is 'Relative to the lake''s root';
comment on column lake_files.fingerprint is 'The file''s identity: a hash of everything that decided its content';
comment on column lake_files.modified is 'UTC';
