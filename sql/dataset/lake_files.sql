-- The files that the snapshot stands on, with the sizes that those in the data set have.
select f.* replace (coalesce(s.bytes, f.bytes) as bytes) from lake_files as f left join _sizes as s on s.path = f.path
order by f.rowid
