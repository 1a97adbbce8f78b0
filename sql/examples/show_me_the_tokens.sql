-- On which words does a feature fire? The strongest answers of each role, the peak in «».
--
-- The feature here is the one with the highest activation of all; put any feature's id in its place.
with chosen as (
    select feature_id from role_features where sae = chosen_sae(null) order by max desc, feature_id limit 1
)
select
    e.feature_id,
    e.role,
    e.rank,
    list_max(e.activations) as peak,
    array_to_string(
        list_transform(
            list_zip(e.pieces, e.activations),
            lambda token: if(token[2] = list_max(e.activations), '«' || token[1] || '»', token[1])
        ),
        ''
    ) as tokens,
    r.question
from evidence as e
join responses as r on r.role = e.role and r.response_id = e.response_id
where e.sae = chosen_sae(null) and e.feature_id = (select feature_id from chosen)
order by peak desc, e.role, e.rank;
