-- The features of the SAE $sae that a static site has pages of: those on the map, then those that tell roles
-- apart most, at most $limit; before the statistics are computed, the strongest.
with fired as (
    select feature_id, max(mean) as mean from role_features where sae = $sae group by feature_id
)
select fired.feature_id
from fired
left join features as f on f.sae = $sae and f.feature_id = fired.feature_id
left join atlas as a on a.sae = $sae and a.feature_id = fired.feature_id
order by a.rank nulls last, f.sd desc nulls last, fired.mean desc, fired.feature_id
limit $limit;
