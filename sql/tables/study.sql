-- The one experiment this snapshot is about, and where and when the snapshot was made.
create table study (
    name varchar not null,
    settings json not null,
    published_at timestamp not null,
    lake varchar not null
);
comment on table study is 'The experiment this snapshot is about (one row)';
comment on column study.settings is 'The study''s YAML, defaults filled in; of `engine` only what changes the numbers';
comment on column study.published_at is 'When this snapshot was made, UTC';
comment on column study.lake is 'The lake''s root at that time; the paths in lake_files are relative to it';
