-- The roles that an SAE has read, in how many responses and wordings: made once a snapshot, for every page asks it.
create table memory.main.measured as
select p.sae, p.role, count(*)::integer as n_responses, count(distinct p.variant)::integer as n_wordings
from pooled as p
where p.excluded_reason is null
    and exists (
        select 1 from lake_files as f
        where f.table_name = 'role_features' and f.sae = p.sae and f.role = p.role
    )
group by p.sae, p.role
order by p.sae, p.role;
