-- What do our own explanations say of features, beside the labels that others gave them?
--
-- Needs `explanations:` in the study. `read_from` counts the excerpts that the model was shown: those in which the feature
-- fires, and silent answers of others to the same questions.
select
    e.feature_id,
    e.text as ours,
    string_agg(distinct l.description, '; ' order by l.description) as others,
    format('{} firing, {} silent', e.n_shown, e.n_contrast) as read_from,
    e.model
from explanations as e
left join feature_labels as l on l.sae = e.sae and l.feature_id = e.feature_id and l.source <> 'explanation'
where e.sae = chosen_sae(null) and e.text is not null
group by e.feature_id, e.text, e.n_shown, e.n_contrast, e.model
order by e.feature_id
limit 20;
