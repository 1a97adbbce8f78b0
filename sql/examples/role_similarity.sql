-- How alike are two roles? The cosine of their mean feature vectors, for every pair, and what of it says something.
--
-- Roles that the study excludes from comparisons are left out. A vector holds every feature that fires in any
-- of them, by feature_id, 0 where it never fires in the role. All roles speak the same language, so cosine is near 1
-- for any two, and tells little. crossed_similarity leaves out what all have in common, and what noise does: it is the
-- cosine over the features that tell roles apart, with its interval. By chance alone 5% of roles have a nearest with a
-- similarity above similarity_null. NULL without an atlas, and for a role that lies no further from the mean of all
-- than noise does.
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
select
    a.role as role_a,
    b.role as role_b,
    list_cosine_similarity(a.means, b.means) as cosine,
    s.crossed_similarity,
    s.similarity_low,
    s.similarity_high,
    s.similarity,
    (select t.similarity_null from atlas_summary as t where t.sae = chosen_sae(null)) as similarity_null
from vectors as a
join vectors as b on a.role < b.role
left join role_similarity as s on s.sae = chosen_sae(null) and s.role_a = a.role and s.role_b = b.role
order by crossed_similarity desc nulls last, cosine desc, role_a, role_b;
