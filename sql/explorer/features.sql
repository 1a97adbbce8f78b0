-- Every alive feature of the SAE $sae. A score is of those only that may be on the map.
select
    f.* exclude (sae, alive, variance_residual, atlas_alive, atlas_mu, atlas_sd, pass, stability_classic, pass_classic, score_classic)
        replace (case when f.pass then f.score end as score),
    l.description as label,
    a.feature_id is not null as selected
from features as f
left join preferred_labels as l on l.sae = f.sae and l.feature_id = f.feature_id
left join atlas as a on a.sae = f.sae and a.feature_id = f.feature_id
where f.sae = $sae and f.alive
order by f.feature_id;
