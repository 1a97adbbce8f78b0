-- What marks the role $role under the SAE $sae: the features that it surely has more of than the other roles
-- ($sign 1) or less of (-1), the surest first.
select
    c.feature_id, c.effect, c.effect_low, c.effect_high, c.auroc, c.auroc_low, c.auroc_high, c.n_wordings_agree, c.q,
    l.description as label
from role_contrasts as c
left join preferred_labels as l on l.sae = c.sae and l.feature_id = c.feature_id
where c.sae = $sae and c.role = $role and if($sign > 0, c.auroc_low > 0.5, c.auroc_high < 0.5)
order by if($sign > 0, -c.auroc_low, c.auroc_high), c.feature_id
limit $limit;
