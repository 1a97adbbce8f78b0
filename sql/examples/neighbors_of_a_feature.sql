-- Which features do the same roles have as the pirate's best one does?
with best as (
    select feature_id from atlas where preferred_role = 'pirate' and sae = chosen_sae(null) order by rank limit 1
)
select n.neighbor_id as feature_id, n.similarity, a.preferred_role, l.description
from neighbors as n
join best on best.feature_id = n.feature_id
join atlas as a on a.sae = n.sae and a.feature_id = n.neighbor_id
left join preferred_labels as l on l.sae = n.sae and l.feature_id = n.neighbor_id
where n.sae = chosen_sae(null)
order by n.rank;
