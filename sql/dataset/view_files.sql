-- The files that the snapshot's views of the tables ? read.
select table_name, path, bytes, epoch(modified)
from lake_files
where table_name in (select unnest(?))
order by table_name, path;
