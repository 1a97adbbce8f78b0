-- Every description of the feature $feature_id of the SAE $sae, the preferred one first, with its scores.
select
    l.description, l.source, l.model,
    coalesce(
        list({
            'scorer': s.scorer, 'score': s.score, 'low': s.low, 'high': s.high, 'q': s.q, 'n': s.n,
            'n_unparsed': s.n_unparsed, 'scored_by': s.scored_by, 'worth': s.worth, 'why_unscored': s.why_unscored
        } order by s.position) filter (s.scorer is not null),
        []
    ) as scores
from feature_labels as l
left join explanation_scores as s using (sae, feature_id, source, description)
where l.sae = $sae and l.feature_id = $feature_id
group by l.rank, l.description, l.source, l.model
order by l.rank;
