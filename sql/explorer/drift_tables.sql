-- Whether this snapshot has the tables of drift runs: it may have been published before there were any.
select count(*) > 0 as there
from duckdb_tables()
where database_name = 'warehouse' and table_name = 'drift_runs';
