-- The statistics of the feature $feature_id of the SAE $sae; no row before they are computed.
select
    f.alive,
    f.firing_rate, f.mean, f.sd, f.entropy, f.preferred_role, f.length_correlation,
    f.variance_role, f.variance_question, f.variance_variant, f.variance_residual,
    case when f.pass then f.score end as score,
    f.stability
from features as f
where f.sae = $sae and f.feature_id = $feature_id;
