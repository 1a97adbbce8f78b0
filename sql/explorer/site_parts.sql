-- The features of each of about $n_parts parts of the table of_table, as equal as may be: each is of one SAE.
with counted as (
    select sae, feature_id, count(*) as n from of_table group by sae, feature_id
),
placed as (
    select sae, feature_id, (sum(n) over (order by sae, feature_id) - n) * $n_parts // sum(n) over () as part
    from counted
)
select sae, min(feature_id), max(feature_id)
from placed
group by sae, part
order by sae, part;
