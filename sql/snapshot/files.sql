-- On which files does each table stand, and how many rows have they?
select table_name, list(path order by path) as paths, sum(n_rows)::bigint as n_rows
from lake_files group by table_name;
