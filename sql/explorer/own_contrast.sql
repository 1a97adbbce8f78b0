-- The features of the contrast $contrast under the SAE $sae: the $limit that come first by distinctness, which its
-- group has more of, and as many that the other group has.
with first as (
    select feature_id from (select * from contrast($contrast, sae := $sae) limit $limit)
    union
    select feature_id from (select * from contrast($contrast, sae := $sae, by := 'against') limit $limit)
)
select c.* exclude (p, label_worth)
from contrast($contrast, sae := $sae) as c semi join first using (feature_id);
