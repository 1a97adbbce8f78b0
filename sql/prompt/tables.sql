-- What `.tables` lists: tables and views with their comments.
select table_name, comment from duckdb_tables() where not internal
union all
select view_name, comment from duckdb_views() where not internal
order by 1;
