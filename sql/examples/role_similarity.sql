-- How alike are two roles? The cosine of their mean feature vectors, for every pair.
--
-- Roles that the study excludes from comparisons are left out. A vector holds every feature that fires in any
-- of them, by feature_id, 0 where it never fires in the role.
with compared as (
    select rf.role, rf.feature_id, rf.mean
    from role_features as rf
    join roles on roles.role = rf.role and not roles.excluded
    where rf.sae = chosen_sae(null)
),
cells as (
    select r.role, f.feature_id
    from (select distinct role from compared) as r, (select distinct feature_id from compared) as f
),
vectors as (
    select c.role, list(coalesce(compared.mean, 0) order by c.feature_id) as means
    from cells as c
    left join compared on compared.role = c.role and compared.feature_id = c.feature_id
    group by c.role
)
select a.role as role_a, b.role as role_b, list_cosine_similarity(a.means, b.means) as cosine
from vectors as a
join vectors as b on a.role < b.role
order by cosine desc, role_a, role_b;
