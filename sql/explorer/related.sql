-- The features of the SAE $sae nearest to $feature_id; none off the map.
select n.neighbor_id as feature_id, n.similarity, l.description as label, f.preferred_role
from neighbors as n
left join feature_labels as l on l.sae = n.sae and l.feature_id = n.neighbor_id and l.rank = 0
left join features as f on f.sae = n.sae and f.feature_id = n.neighbor_id
where n.sae = $sae and n.feature_id = $feature_id
order by n.rank;
