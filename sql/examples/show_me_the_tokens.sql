-- On which words does a feature fire? Its strongest answers, the peak in «», six tokens on each side.
--
-- The feature here is the most characteristic one of the first role; put any feature's id in its place.
with chosen as (
    select feature_id from top_features((select min(role) from role_features)) limit 1
),
strongest as (
    select * from evidence
    where sae = chosen_sae(null) and feature_id = (select feature_id from chosen)
)
select
    s.feature_id,
    s.role,
    s.rank,
    list_max(s.activations) as peak,
    excerpt_of(s.pieces, s.activations) as tokens,
    r.question
from strongest as s
join responses as r on r.role = s.role and r.response_id = s.response_id
order by peak desc, s.role, s.rank
limit 10;
