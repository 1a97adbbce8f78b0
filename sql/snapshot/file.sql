-- Which file of the lake does a table (?) stand on that has one?
select path, bytes, epoch(modified), n_rows from lake_files where table_name = ?;
