-- What marks the role $role under the SAE $sae: the features of which it has more than the other roles ($sign 1) or
-- less (-1), by an AUROC whose 95% interval lies on that side of 1/2, the farthest first. The interval is not adjusted
-- for how many features are asked, of which one in forty passes by chance; q is.
select
    c.feature_id, c.effect, c.effect_low, c.effect_high, c.auroc, c.auroc_low, c.auroc_high, c.n_wordings_agree, c.q,
    l.description as label
from role_contrasts as c
left join preferred_labels as l on l.sae = c.sae and l.feature_id = c.feature_id
where c.sae = $sae and c.role = $role and if($sign > 0, c.auroc_low > 0.5, c.auroc_high < 0.5)
order by if($sign > 0, -c.auroc_low, c.auroc_high), c.feature_id
limit $limit;
