-- Are there tables or views that somebody made in this session, in a database that can be written?
select 1 as found
from (
    select t.database_name from duckdb_tables() as t where not t.internal
    union all
    select v.database_name from duckdb_views() as v where not v.internal
) as made
join duckdb_databases() as d using (database_name)
where not d.readonly
limit 1;
