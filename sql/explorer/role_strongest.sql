-- The $limit features of the SAE $sae that are strongest in the role $role: for a role that is not compared.
select
    rf.feature_id, l.description as label,
    null::double as effect, null::double as effect_low, null::double as effect_high,
    null::double as auroc, null::double as auroc_low, null::double as auroc_high,
    null::integer as n_wordings_agree, null::double as min_wording_auroc, null::double as q, null::double as q_relevant,
    null::integer as role_rank,
    null::double as played_effect,
    null::double as first_effect, null::double as first_effect_low, null::double as first_effect_high,
    null::double as rate_ratio, null::double as rate_ratio_low, null::double as rate_ratio_high,
    null::double as effect_at_length, null::double as effect_at_length_low, null::double as effect_at_length_high,
    null::double as length_overlap,
    rf.mean, rf.firing_rate
from role_features as rf
left join preferred_labels as l on l.sae = rf.sae and l.feature_id = rf.feature_id
where rf.sae = $sae and rf.role = $role
order by rf.mean desc, rf.feature_id
limit $limit;
