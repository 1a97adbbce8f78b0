-- The roles with responses in this snapshot, and the file that holds them: all, or $role alone.
select role, getvariable('lake') || '/' || path as path
from lake_files
where table_name = 'responses' and ($role::varchar is null or role = $role)
order by role;
