-- Which features write along the assistant axis of the residual stream, towards the assistant or away from it?
--
--     from features_along_the_axis() limit 20;
--
-- First those whose decoder direction lies nearest to the axis, either way: a positive cosine writes towards the assistant. A
-- direction drawn at random has a cosine within 2 / sqrt(width) in 95 % of cases. contribution is how much of the axis' length the
-- feature makes by firing more or less in the anchor than in the other roles. No rows where there is no such axis:
-- extraction.vectors is not given, or `persona run` has not made the asset vectors.
create macro features_along_the_axis(sae := null) as table
select
    v.feature_id,
    l.description as label,
    l.label_worth,
    v.cosine,
    v.cosine_low,
    v.cosine_high,
    v.in_sample,
    v.contribution
from vector_features as v
left join preferred_labels as l on l.sae = v.sae and l.feature_id = v.feature_id
where v.sae = chosen_sae(sae) and (select known_sae(sae))
order by abs(v.in_sample) desc, v.feature_id;
comment on macro table features_along_the_axis is 'Features whose decoder direction lies along the assistant axis of the stream';
