-- The roles with responses in this snapshot: all, or $role alone.
select distinct role
from lake_files
where table_name = 'responses' and ($role::varchar is null or role = $role)
order by role;
