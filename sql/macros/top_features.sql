-- Which features are characteristic of a role?
--
--     from top_features('pirate') limit 20;
--
-- lift is the role's mean activation over the mean of all roles' means (a role in which the feature never
-- fires counts as 0; roles that the study excludes from comparisons do not count, but the role asked for
-- always does). Ordered by distinctness = (auroc_low - 1/2) * the role's share of all roles' means: what the role
-- has more of by the lower end of AUROC's interval, and hardly another role has, however loud or faint it is. The
-- interval is not adjusted for how many features there are; q is. `by` takes another of the orders
-- below: auroc is the lower end of its interval, score = mean * ln(lift); effect and score prefer loud features;
-- q has those first whose difference is surest, be it more or less.
-- What has no such value comes last, by score. Effect, AUROC, their intervals, the number of
-- wordings that agree and q are those of role_contrasts: NULL for a role that takes no part in comparisons, or before they are computed. label is
-- the description in preferred_labels: written by a model. label_worth is how well it foretells the feature, where
-- that was scored (explanation_scores).
-- readout_moved, with its interval and q, is for which features are causes: how far editing the feature moved the role's
-- answers along the way to the role, in the surest edit (edits_of); NULL where no intervention edits it.
--
--     from top_features('pirate', by := 'effect') limit 20;
create macro top_features(role, sae := null, "by" := 'distinctness') as table
with compared as (
    select f.role
    from lake_files as f join roles on roles.role = f.role
    where f.table_name = 'role_features' and f.sae = chosen_sae(sae)
        and (not roles.excluded or f.role = role)
),
in_role as (
    select
        rf.*,
        -- What the sums lack: the role itself, where it takes no part in comparisons.
        (coalesce(t.mean, 0) + if(r.excluded, rf.mean, 0)) / c.n_roles as mean_over_roles,
        (coalesce(t.firing_rate, 0) + if(r.excluded, rf.firing_rate, 0)) / c.n_roles as firing_rate_over_roles
    from role_features as rf
    cross join (select o.excluded from roles as o where o.role = role) as r
    -- By the feature alone: to compare texts row by row took a sixth of the CPU time.
    left join (from feature_totals as o where o.sae = chosen_sae(sae)) as t on t.feature_id = rf.feature_id
    cross join (select count(*) as n_roles from compared) as c
    where rf.sae = chosen_sae(sae) and rf.role = role and (select known_role(role, sae))
)
select
    rf.feature_id,
    l.description as label,
    l.label_worth,
    distinctness(c.auroc_low, c.share) as distinctness,
    rf.mean * ln(rf.mean / rf.mean_over_roles) as score,
    rf.mean / rf.mean_over_roles as lift,
    c.effect,
    c.effect_low,
    c.effect_high,
    c.auroc,
    c.auroc_low,
    c.auroc_high,
    c.n_wordings_agree,
    c.q,
    rf.mean,
    rf.mean_over_roles,
    rf.firing_rate,
    rf.firing_rate_over_roles,
    rf.n_active_responses,
    rf.n_responses,
    rf.max,
    rf.sd,
    e.effect as readout_moved,
    e.low as readout_low,
    e.high as readout_high,
    e.q as readout_q
from in_role as rf
left join role_contrasts as c on c.sae = rf.sae and c.role = rf.role and c.feature_id = rf.feature_id
left join preferred_labels as l on l.sae = rf.sae and l.feature_id = rf.feature_id
left join (from edits_of(role, sae := sae) where metric = 'readout') as e on e.feature_id = rf.feature_id
order by
    case "by"
        when 'distinctness' then distinctness
        when 'auroc' then c.auroc_low
        when 'effect' then c.effect
        when 'lift' then lift
        when 'score' then score
        when 'q' then -c.q
        else no_order("by", 'distinctness, auroc, effect, lift, score, q')
    end desc nulls last,
    score desc,
    rf.feature_id;
comment on macro table top_features is 'Which features are characteristic of a role: what it has more of by the lower end of AUROC''s interval, and it alone has, first';
