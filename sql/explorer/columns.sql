-- Every column of the snapshot's tables and views.
select table_name, column_name from duckdb_columns() where database_name = 'warehouse' and not internal;
