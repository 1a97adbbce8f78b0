-- In which roles does $feature fire most often, and how surely more than in the others? The first $limit of which_roles,
-- or $role alone, with AUROC.
select
    w.role,
    w.firing_rate,
    w.n_active_responses,
    w.n_responses,
    w.effect,
    w.effect_low,
    w.effect_high,
    c.auroc,
    c.auroc_low,
    c.auroc_high,
    w.q,
    w.max
from which_roles($feature, sae := $sae) as w
left join role_contrasts as c on c.sae = $sae and c.role = w.role and c.feature_id = $feature
where $role is null or w.role = $role
order by w.firing_rate desc, w.mean desc, w.role
limit $limit;
