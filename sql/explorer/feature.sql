-- The statistics of the feature $feature_id of the SAE $sae; no row before they are computed.
select
    f.* exclude (sae, feature_id, atlas_alive, atlas_mu, atlas_sd, pass, stability_classic, pass_classic, score_classic)
        replace (case when f.pass then f.score end as score)
from features as f
where f.sae = $sae and f.feature_id = $feature_id;
