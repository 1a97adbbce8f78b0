-- Which roles fire a feature, and in how many of their answers?
--
--     from which_roles(438);
--     from which_roles(438, sae := 'l40_65k');
--
-- Roles that fire it most often first. Those in which it never fires are left out.
create macro which_roles(feature, sae := null) as table
select
    rf.role,
    rf.firing_rate,
    rf.n_active_responses,
    rf.n_responses,
    rf.mean,
    rf.max,
    rf.sd
from role_features as rf
where rf.feature_id = feature and rf.sae = chosen_sae(sae) and (select known_feature(feature, sae))
order by rf.firing_rate desc, rf.mean desc, rf.role;
comment on macro table which_roles is 'The roles in which a feature fires, and in how many of their answers';
