-- What the snapshot says of the study and of its tables.
select
    s.settings::varchar as settings,
    s.published_at,
    s.default_system_prompt,
    (
        select coalesce(map(list(t.table_name), list(coalesce(t.comment, ''))), map {})
        from duckdb_tables() as t where t.database_name = 'warehouse'
    ) as comments
from study as s;
