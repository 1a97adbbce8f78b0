-- What the study knows of $features under $sae: their labels, on what share of all pooled tokens they are active (NULL where
-- that is not known, as of imported dense files), and the largest activation that they reach.
with tokens as (
    select if(count(n_tokens) = count(*), sum(n_tokens), null) as n
    from pooled
    where sae = $sae and excluded_reason is null
),
active as (
    select feature_id, if(count(n_active) = count(*), sum(n_active), null) as n, max(max) as strongest
    from activations
    where sae = $sae and feature_id in (select unnest($features::integer[]))
    group by feature_id
)
select f.feature_id, l.description, l.label_worth, if(a.feature_id is null, 0, a.n) / t.n, a.strongest
from (select unnest($features::integer[]) as feature_id) as f
cross join tokens as t
left join active as a on a.feature_id = f.feature_id
left join preferred_labels as l on l.sae = $sae and l.feature_id = f.feature_id;
