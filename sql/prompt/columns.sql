-- What `.schema TABLE` lists: the columns of a table or view, whose name is asked in any case.
select column_name, data_type, comment
from duckdb_columns()
where not internal and lower(table_name) = lower(?)
order by column_index;
