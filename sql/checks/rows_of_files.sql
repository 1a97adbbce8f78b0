-- How many rows does each table or view of the snapshot have by the files that it stands on?
select table_name, sum(n_rows)::bigint as n_rows from lake_files group by table_name order by table_name
