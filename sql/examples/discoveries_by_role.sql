-- How many features set each role apart from the others?
select
    role,
    count(*) filter (q < 0.05 and auroc > 0.5) as stronger,
    count(*) filter (q < 0.05 and auroc < 0.5) as weaker
from role_contrasts
where sae = chosen_sae(null)
group by role
order by stronger desc, role;
