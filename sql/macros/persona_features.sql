-- Which features characterize a role, and which does its prompt make its own answers depend on, side by side?
--
--     from persona_features('pirate') where activation_rank <= 10 or attribution_rank <= 10;
--
-- activation_rank is the order of top_features (distinctness; by := 'auroc' or another of its orders), and
-- attribution_rank that of feature_attribution: 1 is the feature whose rise by the role's prompt makes the role's own
-- answers likeliest. NULL where the feature is not told of there. Ordered by the better of the two.
create macro persona_features(role, sae := null, "by" := 'distinctness') as table
with by_activation as (
    select
        *,
        row_number() over (
            order by
                in_order(
                    map {
                        'distinctness': distinctness,
                        'auroc': auroc_low::double,
                        'effect': effect,
                        'lift': lift,
                        'score': score
                    },
                    "by"
                ) desc nulls last,
                score desc,
                feature_id
        ) as activation_rank
    from top_features(role, sae := sae, "by" := "by")
),
by_attribution as (
    select
        a.*,
        row_number() over (order by a.attribution desc, a.feature_id) as attribution_rank
    from feature_attribution as a
    where a.sae = chosen_sae(sae) and a.role = role
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
    b.n_active as n_active_attributed
from by_activation as t
full join by_attribution as b using (feature_id)
left join preferred_labels as l on l.sae = chosen_sae(sae) and l.feature_id = coalesce(t.feature_id, b.feature_id)
order by least(t.activation_rank, b.attribution_rank), activation_rank, feature_id;
comment on macro table persona_features is 'A role''s features by activation and by attribution, side by side';
