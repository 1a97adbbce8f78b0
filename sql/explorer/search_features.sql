-- Features of the SAE $sae whose best label holds $text, or whose id begins with it: at most $limit.
--
-- First the id itself, then labels that begin with the text, then those in which a word does, then ids that
-- begin so; among equals the features that tell roles apart most.
with found as (
    select l.feature_id, l.description as label, lower(l.description) as folded
    from feature_labels as l
    where l.sae = $sae and l.rank = 0 and contains(lower(l.description), lower($text))
),
by_label as (
    select feature_id, label,
        case
            when starts_with(folded, lower($text)) then 1
            when contains(folded, ' ' || lower($text)) then 2
            else 3
        end as place
    from found
),
by_id as (
    select f.feature_id, null::varchar as label, if(f.feature_id::varchar = $text, 0, 4) as place
    from features as f
    where f.sae = $sae and regexp_full_match($text, '[0-9]+') and starts_with(f.feature_id::varchar, $text)
),
best as (
    select feature_id, min(place) as place from (from by_label union all from by_id) group by feature_id
)
select b.feature_id, l.description as label, f.preferred_role
from best as b
left join features as f on f.sae = $sae and f.feature_id = b.feature_id
left join feature_labels as l on l.sae = $sae and l.feature_id = b.feature_id and l.rank = 0
order by b.place, f.sd desc nulls last, b.feature_id
limit $limit;
