-- What the prompt completes: names of tables, of columns, and of functions up to their arguments.
select table_name from duckdb_columns() where not internal
union
select column_name from duckdb_columns() where not internal
union
select function_name || '(' from duckdb_functions() where not internal;
