-- Which edited features and directions do more than random features and directions that are edited beside them?
select intervention, role, target, strength, metric, effect, low, high, control_low, control_high, against, q, found
from intervention_effects
order by q, abs(effect) desc, intervention, role, target, strength, metric, against
limit 30;
