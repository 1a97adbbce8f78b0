-- The snapshot's tables that are not ours (?): its marts.
select table_name from duckdb_tables()
where database_name = 'warehouse' and not internal and not list_contains(?, table_name)
order by table_name;
