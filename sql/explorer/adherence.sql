-- How well each judge of the study finds a role played: one role ($role), or all (NULL).
select
    a.role, a.judge, a.n_responses, a.n_unrated, a.rating, a.lowest_variant, a.highest_variant,
    (s.settings -> '$.judge' -> a.judge -> 'scale' ->> -1)::integer as highest
from role_adherence as a cross join study as s
where $role is null or a.role = $role
order by a.role, a.judge;
