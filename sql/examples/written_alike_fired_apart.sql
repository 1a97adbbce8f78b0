-- Which features write nearly the same, yet fire in different roles?
select
    d.feature_id,
    d.neighbor_id,
    d.cosine,
    a.preferred_role,
    b.preferred_role as neighbors_role
from decoder_neighbors as d
join atlas as a on a.sae = d.sae and a.feature_id = d.feature_id
join atlas as b on b.sae = d.sae and b.feature_id = d.neighbor_id
where d.sae = chosen_sae(null) and d.feature_id < d.neighbor_id and a.preferred_role != b.preferred_role
order by d.cosine desc, d.feature_id
limit 20;
