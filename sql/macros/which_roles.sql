-- Which roles fire a feature, and in how many of their answers?
--
--     from which_roles(438);
--     from which_roles(438, sae := 'l40_65k');
--
-- Roles that fire it most often first. Those in which it never fires are left out. How surely a role has more of it than
-- the others the effect says, with its interval, the number of wordings that agree and q, all of role_contrasts: NULL
-- for a role that takes no part in comparisons, or before they are computed.
create macro which_roles(feature, sae := null) as table
select
    rf.role,
    rf.firing_rate,
    rf.n_active_responses,
    rf.n_responses,
    rf.mean,
    rf.max,
    rf.sd,
    c.effect,
    c.effect_low,
    c.effect_high,
    c.n_wordings_agree,
    c.q
from role_features as rf
left join role_contrasts as c on c.sae = rf.sae and c.role = rf.role and c.feature_id = rf.feature_id
where rf.feature_id = feature and rf.sae = chosen_sae(sae) and (select known_feature(feature, sae))
order by rf.firing_rate desc, rf.mean desc, rf.role;
comment on macro table which_roles is 'The roles in which a feature fires, in how many of their answers, and how surely more than in others';
