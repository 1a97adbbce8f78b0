-- The snapshot's own tables with their sizes and columns: what a static site's database holds.
select
    t.table_name,
    t.comment,
    t.estimated_size as n_rows,
    list({'name': c.column_name, 'type': c.data_type, 'comment': c.comment} order by c.column_index) as columns
from duckdb_tables() as t
join duckdb_columns() as c on c.database_name = t.database_name and c.table_name = t.table_name
where t.database_name = 'warehouse' and not t.internal
group by t.table_name, t.comment, t.estimated_size
order by t.table_name;
