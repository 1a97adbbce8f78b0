-- The features of the SAE $sae nearest to $feature_id; none off the map.
select n.neighbor_id as feature_id, n.similarity, k.label, k.preferred_role
from neighbors as n
left join memory.main.known_features as k on k.sae = n.sae and k.feature_id = n.neighbor_id
where n.sae = $sae and n.feature_id = $feature_id
order by n.rank;
