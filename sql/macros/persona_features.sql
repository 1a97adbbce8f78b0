-- Which features characterize a role, on which does its prompt make its own answers depend, and which do something?
--
--     from persona_features('pirate') where activation_rank <= 10 or attribution_rank <= 10;
--
-- activation_rank is the order of top_features (distinctness; by := 'auroc' or another of its orders), and
-- attribution_rank that of feature_attribution: 1 is the feature whose rise by the role's prompt makes the role's own
-- answers likeliest. intervention_rank is that of the features that the study's interventions edit in the role's answers: 1 is
-- the one whose readout has the smallest p beside random features; readout_moved and readout_q are of the edit with that p
-- (edits_of), and answer_readout_* of new answers, where there are some. NULL where the feature is not
-- told of there. Ordered by the best of the three.
create macro persona_features(role, sae := null, "by" := 'distinctness') as table
with by_activation as (
    select *, row_number() over () as activation_rank
    from top_features(role, sae := sae, "by" := "by")
),
by_attribution as (
    select
        a.*,
        row_number() over (order by a.attribution desc, a.feature_id) as attribution_rank
    from feature_attribution as a
    where a.sae = chosen_sae(sae) and a.role = role
),
by_intervention as (
    select *, row_number() over (order by p, abs(effect) desc, feature_id) as intervention_rank
    from edits_of(role, sae := sae)
    where metric = 'readout'
),
answered as (
    from edits_of(role, sae := sae)
    where metric = 'answer_readout'
)
select
    feature_id,
    l.description as label,
    t.activation_rank,
    b.attribution_rank,
    t.distinctness,
    t.auroc,
    t.auroc_low,
    t.auroc_high,
    b.attribution,
    b.low as attribution_low,
    b.high as attribution_high,
    b.n as n_attributed,
    b.n_active as n_active_attributed,
    i.intervention_rank,
    i.effect as readout_moved,
    i.q as readout_q,
    w.effect as answer_readout_moved,
    w.q as answer_readout_q
from by_activation as t
full join by_attribution as b using (feature_id)
full join by_intervention as i using (feature_id)
left join answered as w using (feature_id)
left join preferred_labels as l
    on l.sae = chosen_sae(sae) and l.feature_id = coalesce(t.feature_id, b.feature_id, i.feature_id)
order by least(t.activation_rank, b.attribution_rank, i.intervention_rank), activation_rank, feature_id;
comment on macro table persona_features is 'A role''s features by activation, by attribution and by intervention, side by side';
