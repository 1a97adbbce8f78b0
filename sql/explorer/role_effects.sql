-- Each compared role's features that set it apart: 100 that are stronger in it, the most distinct first, and 100
-- that are weaker, by the upper end of AUROC's interval; those without an interval come last. Made once a snapshot
-- for all roles: one role's would have to read as much.
create table memory.main.role_effects as
with ends as (
    select sae, role,
        list_concat(
            max_by(feature, weight, 100) filter (where direction > 0),
            max_by(feature, weight, 100) filter (where direction < 0)
        ) as features
    from (
        select c.sae, c.role, coalesce(c.effect, c.auroc - 0.5) as direction,
            coalesce(
                if(direction > 0, distinctness(c.auroc_low, c.share), 0.5 - c.auroc_high), abs(c.auroc - 0.5) - 2
            ) as weight,
            {'feature_id': c.feature_id, 'effect': c.effect, 'effect_low': c.effect_low,
            'effect_high': c.effect_high, 'auroc': c.auroc, 'auroc_low': c.auroc_low, 'auroc_high': c.auroc_high,
            'n_wordings_agree': c.n_wordings_agree, 'min_wording_auroc': c.min_wording_auroc, 'q': c.q,
            'q_relevant': c.q_relevant, 'role_rank': c.role_rank, 'direction': direction,
            'weight': weight} as feature
        from role_contrasts as c
    )
    group by sae, role
),
chosen as (
    select sae, role, unnest(features, max_depth := 2) from ends
)
select
    c.*,
    k.label,
    p.effect as played_effect,
    f.effect as first_effect,
    f.effect_low as first_effect_low,
    f.effect_high as first_effect_high,
    coalesce(rf.mean, 0) as mean,
    coalesce(rf.firing_rate, 0) as firing_rate
from chosen as c
left join role_features as rf on rf.sae = c.sae and rf.role = c.role and rf.feature_id = c.feature_id
left join played_contrasts as p on p.sae = c.sae and p.role = c.role and p.feature_id = c.feature_id
left join first_contrasts as f on f.sae = c.sae and f.role = c.role and f.feature_id = c.feature_id
left join memory.main.known_features as k on k.sae = c.sae and k.feature_id = c.feature_id
order by c.sae, c.role, c.direction > 0 desc, c.weight desc, c.feature_id;
