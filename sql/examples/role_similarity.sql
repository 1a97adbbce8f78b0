-- How alike are two roles? The cosine of their mean feature vectors, for every pair.
--
-- Roles that the study excludes from comparisons are left out.
with compared as (
    select rf.role, rf.feature_id, rf.mean
    from role_features as rf
    join roles on roles.role = rf.role and not roles.excluded
    where rf.sae = chosen_sae(null)
),
norms as (
    select role, sqrt(sum(mean ** 2)) as norm from compared group by role
),
products as (
    select a.role as role_a, b.role as role_b, sum(a.mean * b.mean) as product, count(*) as n_shared_features
    from compared as a
    join compared as b on b.feature_id = a.feature_id and a.role < b.role
    group by a.role, b.role
)
select p.role_a, p.role_b, p.product / (a.norm * b.norm) as cosine, p.n_shared_features
from products as p
join norms as a on a.role = p.role_a
join norms as b on b.role = p.role_b
order by cosine desc, p.role_a, p.role_b;
