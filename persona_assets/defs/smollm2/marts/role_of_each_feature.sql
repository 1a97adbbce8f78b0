-- For each feature the role whose answers show it most reliably: how often it fires there, how much stronger it is
-- than in the other roles on the same questions (effect), how well it tells the role's answers from theirs (auroc),
-- whether that is more than chance (q), and the preferred label. NULL where the role takes no part in comparisons.
select
    rf.sae,
    rf.feature_id,
    l.description as label,
    rf.role,
    rf.firing_rate,
    c.effect,
    c.auroc,
    c.q
from role_features as rf
left join role_contrasts as c using (sae, role, feature_id)
left join preferred_labels as l using (sae, feature_id)
qualify row_number() over (
    partition by rf.sae, rf.feature_id order by rf.firing_rate desc, rf.mean desc, rf.role
) = 1
order by rf.sae, c.effect desc nulls last, rf.feature_id;
