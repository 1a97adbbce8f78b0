-- Of each feature the description that is shown, with the score of the study's first scorer where it has one.
(
    select
        l.* exclude (rank),
        s.scorer as label_scorer,
        s.score as label_score,
        s.low as label_low,
        s.high as label_high,
        s.q as label_q,
        s.worth as label_worth
    from feature_labels as l
    left join explanation_scores as s
        on s.sae = l.sae and s.feature_id = l.feature_id and s.source = l.source and s.description = l.description
        and s.position = 0
    where l.rank = 0
)
