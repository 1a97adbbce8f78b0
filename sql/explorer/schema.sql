-- What there is to ask: tables, views and macros of the warehouse, with their columns or parameters. What large tables
-- of a site are made of has a schema of its own.
with relations as (
    select table_name as name, 'table' as kind, comment
    from duckdb_tables() where database_name = 'warehouse' and schema_name = 'main' and not internal
    union all
    select view_name, 'view', comment
    from duckdb_views() where database_name = 'warehouse' and not internal
),
columns_of as (
    select table_name as name,
        list({'name': column_name, 'type': data_type, 'comment': comment} order by column_index) as columns
    from duckdb_columns() where database_name = 'warehouse' and not internal
    group by table_name
),
macros as (
    select function_name as name, 'macro' as kind, comment,
        [{'name': parameter, 'type': null::varchar, 'comment': null::varchar} for parameter in parameters] as columns
    from duckdb_functions()
    where database_name = 'warehouse' and not internal and function_type in ('macro', 'table_macro')
),
everything as (
    select r.name, r.kind, r.comment, c.columns from relations as r join columns_of as c on c.name = r.name
    union all
    from macros
)
from everything order by kind = 'macro', kind, name;
