-- The $limit features of the role $role that top_features has first in the order $order, under the SAE $sae.
with first as (
    select *, row_number() over () as place from (from top_features($role, sae := $sae, by := $order) limit $limit)
)
select
    f.feature_id, f.label, f.distinctness, f.lift, f.score,
    f.effect, f.effect_low, f.effect_high, f.auroc, f.auroc_low, f.auroc_high,
    f.n_wordings_agree, c.min_wording_auroc, f.q, c.q_relevant, c.role_rank, p.effect as played_effect,
    b.effect as first_effect, b.effect_low as first_effect_low, b.effect_high as first_effect_high,
    l.rate_ratio, l.rate_ratio_low, l.rate_ratio_high,
    l.effect_at_length, l.effect_at_length_low, l.effect_at_length_high, l.length_overlap,
    f.mean, f.firing_rate
from first as f
left join (select * from role_contrasts as r where r.sae = $sae and r.role = $role) as c on c.feature_id = f.feature_id
left join (select * from played_contrasts as r where r.sae = $sae and r.role = $role) as p on p.feature_id = f.feature_id
left join (select * from first_contrasts as r where r.sae = $sae and r.role = $role) as b on b.feature_id = f.feature_id
left join (select * from length_contrasts as r where r.sae = $sae and r.role = $role) as l on l.feature_id = f.feature_id
order by f.place;
