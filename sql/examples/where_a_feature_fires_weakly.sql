-- On which tokens does a feature fire weakly, and on which strongly?
--
-- The feature here is the most characteristic one of the first role; put any feature's id in its place. Tokens on
-- which it is active stand in [].
with chosen as (
    select feature_id from top_features((select min(role) from role_features)) limit 1
)
select
    e.band,
    e.role,
    e.response_id,
    e.max,
    list_reduce(
        list_transform(
            list_zip(e.pieces, e.activations), lambda token: if(token[2] > 0, '[' || token[1] || ']', token[1])
        ),
        lambda before, after: before || after
    ) as tokens,
    e.question
from evidence_over_range((select feature_id from chosen)) as e
order by e.band, e.max, e.role, e.response_id;
