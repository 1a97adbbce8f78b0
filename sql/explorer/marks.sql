-- What marks the role $role under the SAE $sae: the features of which it has more than the other roles ($sign 1) or
-- less (-1), those of q < 0.05 first; then those whose AUROC's 95% interval lies on that side of 1/2, the farthest
-- first. The interval is not adjusted for how many features are asked, of which one in forty passes by chance; q is.
-- A feature of few firings has a q, and no interval.
select
    c.feature_id, c.effect, c.effect_low, c.effect_high, c.auroc, c.auroc_low, c.auroc_high, c.n_wordings_agree, c.q,
    l.description as label
from role_contrasts as c
left join preferred_labels as l on l.sae = c.sae and l.feature_id = c.feature_id
where c.sae = $sae and c.role = $role and if(
    $sign > 0,
    c.auroc_low > 0.5 or (c.q < 0.05 and c.auroc > 0.5),
    c.auroc_high < 0.5 or (c.q < 0.05 and c.auroc < 0.5)
)
order by c.q < 0.05 desc nulls last, if($sign > 0, -c.auroc_low, c.auroc_high) nulls last, c.q, c.feature_id
limit $limit;
