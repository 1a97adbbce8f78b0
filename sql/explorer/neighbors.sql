-- Of each feature on the map of the SAE $sae, in rank order: its nearest, as places on the map from 0.
select
    list(other.rank - 1 order by n.rank) as rows,
    list(n.similarity order by n.rank) as similarities,
    list(n.stable order by n.rank) as stable
from atlas as a
join neighbors as n on n.sae = a.sae and n.feature_id = a.feature_id
join atlas as other on other.sae = a.sae and other.feature_id = n.neighbor_id
where a.sae = $sae
group by a.rank
order by a.rank;
