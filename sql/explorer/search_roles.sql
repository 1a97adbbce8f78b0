-- Roles whose name holds $text, at most $limit: those that begin with it first.
select role
from roles
where contains(replace(replace(role, '_', ' '), '-', ' '), replace(replace(lower($text), '_', ' '), '-', ' '))
order by not starts_with(role, lower($text)), role
limit $limit;
