-- Every alive feature of the SAE $sae. A score is of those only that may be on the map.
select
    f.feature_id,
    l.description as label,
    f.preferred_role,
    f.firing_rate,
    f.mean,
    f.sd,
    f.entropy,
    case when f.pass then f.score end as score,
    f.stability,
    a.feature_id is not null as selected,
    f.variance_role,
    f.variance_question,
    f.variance_variant,
    f.length_correlation
from features as f
left join preferred_labels as l on l.sae = f.sae and l.feature_id = f.feature_id
left join atlas as a on a.sae = f.sae and a.feature_id = f.feature_id
where f.sae = $sae and f.alive
order by f.feature_id;
