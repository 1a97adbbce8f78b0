-- On how many tokens has a feature which activation, and where in the responses do they lie?
--
-- The feature here is the most characteristic one of the first role; put any feature's id in its place.
with chosen as (
    select feature_id from top_features((select min(role) from role_features)) limit 1
)
select
    h.from_activation,
    h.to_activation,
    h.n_tokens,
    h.share,
    p.mean_place,
    p.position_correlation,
    p.position_low,
    p.position_high
from token_histogram((select feature_id from chosen)) as h
cross join feature_position((select feature_id from chosen)) as p
order by h.from_activation;
