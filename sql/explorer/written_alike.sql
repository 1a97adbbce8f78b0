-- The five features of the SAE $sae that write most like $feature_id, and last the one most opposed to it.
with found as (
    select rank, neighbor_id as feature_id, cosine
    from decoder_neighbors
    where sae = $sae and feature_id = $feature_id and rank <= 5
    union all
    select null as rank, opposed_id as feature_id, opposed_cosine as cosine
    from feature_geometry
    where sae = $sae and feature_id = $feature_id and opposed_id is not null
)
select f.feature_id, f.cosine, k.label, k.preferred_role
from found as f
left join memory.main.known_features as k on k.sae = $sae and k.feature_id = f.feature_id
order by f.rank nulls last;
