-- Features of the SAE $sae whose best label holds $text, or whose id begins with it: at most $limit.
--
-- First the id itself, then labels that begin with the text, then those in which a word does, then other
-- labels, then ids that begin so; among equals the features that tell roles apart most.
with found as (
    select feature_id, label, preferred_role, sd,
        case
            when feature_id::varchar = $text then 0
            when starts_with(folded, lower($text)) then 1
            when contains(folded, ' ' || lower($text)) then 2
            when contains(folded, lower($text)) then 3
            else 4
        end as place
    from memory.main.known_features
    where sae = $sae and (
        contains(folded, lower($text))
        or (regexp_full_match($text, '[0-9]+') and starts_with(feature_id::varchar, $text))
    )
)
select feature_id, label, preferred_role
from found
order by place, sd desc nulls last, feature_id
limit $limit;
