-- What editing the feature $feature_id of the SAE $sae does, by the study's interventions: against random features where
-- these were edited beside it, and else against random directions.
select
    intervention, role, operation, strength, metric, effect, low, high, n_questions, against, n_controls, control_low,
    control_high, q, moves
from intervention_effects
where sae = $sae and feature_id = $feature_id
qualify rank() over (partition by intervention, role, metric, strength order by against = 'feature' desc) = 1
order by intervention, role, metric, strength;
