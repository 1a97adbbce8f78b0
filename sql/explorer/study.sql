-- The study in one row, and how much of it this snapshot has.
select
    s.name,
    s.settings ->> '$.extraction.model' as model,
    s.settings ->> '$.analysis.anchor' as anchor,
    (select coalesce(sum(n_rows), 0)::bigint from lake_files where table_name = 'responses') as n_responses,
    (select count(*) from questions) as n_questions,
    case when (s.settings ->> '$.analysis.min_score') is not null
        then coalesce(s.settings ->> '$.analysis.judge', json_keys(s.settings, '$.judge')[1])
    end as judge,
    (s.settings ->> '$.analysis.min_score')::double as min_score,
    s.default_system_prompt,
    exists (select 1 from lake_files where table_name = 'explanation_scores' and n_rows > 0) as has_scored_labels,
    exists (
        select 1 from lake_files where table_name in ('intervention_effects', 'steered_responses') and n_rows > 0
    ) as has_interventions
from study as s;
